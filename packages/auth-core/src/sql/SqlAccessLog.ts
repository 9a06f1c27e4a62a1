/**
 * The access log in a SQL table.
 *
 * @since 0.1.0
 */
import * as SqlClient from "@effect/sql/SqlClient"
import type { LogRequest } from "@t3/protocol/LogEntry"
import * as Chunk from "effect/Chunk"
import * as Clock from "effect/Clock"
import * as DateTime from "effect/DateTime"
import * as Deferred from "effect/Deferred"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as FiberId from "effect/FiberId"
import * as FiberSet from "effect/FiberSet"
import * as Layer from "effect/Layer"
import * as Stream from "effect/Stream"
import { AccessLog, type Decision } from "../AccessLog.ts"
import { appendLog, decodeRows, toEntry } from "../internal/logRow.ts"
import { stored } from "../internal/stored.ts"
import { type Address, Source } from "../Source.ts"

const gatherFor = Duration.minutes(1)

/**
 * Kinds of refusal that a minute keeps apart; what comes beyond them is gathered without its address. Those that name
 * something on file are always kept apart: they take a secret that is real, so nobody can make them up.
 */
const maxGathered = 100

/** Entries that a follower is handed at once. */
const batch = 200

interface Gathered {
  readonly decision: Decision
  readonly source: Address | undefined
  times: number
}

/** What is gathered into one row. */
const keyOf = ({ event, pairingId, reason, sessionId }: Decision, source: Address | undefined): string =>
  [event, reason, source?.network, pairingId, sessionId].join("\n")

const makeReader = (sql: SqlClient.SqlClient) => ({ after, cursor, limit, since }: LogRequest) =>
  Effect.gen(function*() {
    const conditions = [
      sql`seq > ${after ?? 0}`,
      ...(since === undefined ? [] : [sql`at >= ${DateTime.toEpochMillis(since)}`]),
      ...(cursor === undefined ? [] : [after === undefined ? sql`seq < ${cursor}` : sql`seq > ${cursor}`])
    ]
    const order = sql.literal(after === undefined ? "DESC" : "ASC")
    const rows = yield* Effect.flatMap(
      sql`SELECT * FROM t3_access_log WHERE ${sql.and(conditions)} ORDER BY seq ${order} LIMIT ${limit + 1}`,
      decodeRows
    )
    const items = rows.slice(0, limit).map(toEntry)
    const last = items.at(-1)
    return rows.length > limit && last !== undefined ? { items, next: String(last.seq) } : { items }
  }).pipe(stored("AccessLog.read"))

/** Followers sleep until something was written; each then reads what is new for itself. */
const makeFollow = (read: ReturnType<typeof makeReader>) => {
  let next = Deferred.unsafeMake<void>(FiberId.none)
  let count = 0
  const written = Effect.sync(() => {
    count += 1
    const now = next
    next = Deferred.unsafeMake(FiberId.none)
    Deferred.unsafeDone(now, Effect.void)
  })
  const follow = (after: number) =>
    Stream.suspend(() => {
      let last = after
      return Stream.repeatEffectChunk(Effect.gen(function*() {
        while (true) {
          const more = next
          const { items } = yield* read({ after: last, limit: batch })
          if (items.length > 0) {
            last = items.at(-1)?.seq ?? last
            return Chunk.unsafeFromArray(items)
          }
          yield* Deferred.await(more)
        }
      }))
    })
  return { follow, writes: () => count, written }
}

/** Gathers refusals until the scope closes; what is left then is written too. */
const makeRefused = (sql: SqlClient.SqlClient, written: Effect.Effect<void>) =>
  Effect.gen(function*() {
    const flushes = yield* FiberSet.make()
    const gathered = new Map<string, Gathered>()

    const write = ({ decision, source }: Gathered, times: number) =>
      Effect.flatMap(Clock.currentTimeMillis, (now) => appendLog(sql, now, decision, times)).pipe(
        Effect.provideService(Source, source),
        stored("AccessLog.refused"),
        Effect.zipRight(written),
        // Already logged by `stored`; a refusal stands whether or not it could be recorded.
        Effect.ignore
      )

    const flush = (key: string) =>
      Effect.suspend(() => {
        const found = gathered.get(key)
        gathered.delete(key)
        return found === undefined || found.times === 0 ? Effect.void : write(found, found.times)
      })

    const enter = (decision: Decision, source: Address | undefined): Effect.Effect<void> => {
      const key = keyOf(decision, source)
      const known = gathered.get(key)
      if (known !== undefined) {
        known.times += 1
        return Effect.void
      }
      const isOnFile = decision.pairingId !== undefined || decision.sessionId !== undefined
      if (gathered.size >= maxGathered && source !== undefined && !isOnFile) {
        return enter({ event: decision.event, ...(decision.reason && { reason: decision.reason }) }, undefined)
      }
      const entry = { decision, source, times: 0 }
      gathered.set(key, entry)
      const later = Effect.interruptible(Effect.delay(flush(key), gatherFor))
      return Effect.zipRight(write(entry, 1), Effect.asVoid(FiberSet.run(flushes, later)))
    }

    yield* Effect.addFinalizer(() => Effect.forEach(Array.from(gathered.keys()), flush, { discard: true }))
    return (decision: Decision) => Effect.uninterruptible(Effect.flatMap(Source, (source) => enter(decision, source)))
  })

export const layer: Layer.Layer<AccessLog, never, SqlClient.SqlClient> = Layer.scoped(
  AccessLog,
  Effect.gen(function*() {
    const sql = yield* SqlClient.SqlClient
    const read = makeReader(sql)
    const { follow, writes, written } = makeFollow(read)
    return AccessLog.of({
      follow,
      latest: sql<{ readonly seq: number | null }>`SELECT max(seq) AS seq FROM t3_access_log`.pipe(
        Effect.map(([row]) => row?.seq ?? 0),
        stored("AccessLog.latest")
      ),
      read,
      refused: yield* makeRefused(sql, written),
      writes,
      written
    })
  })
)
