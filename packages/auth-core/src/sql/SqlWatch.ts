/**
 * What no call brings about: ends that come with time, and changes that somebody else made to the database. Both reach
 * memory, open connections and the log as a call's would.
 *
 * @since 0.1.0
 */
import * as SqlClient from "@effect/sql/SqlClient"
import { SessionExpired, SessionRevoked, Unavailable } from "@t3/protocol/Errors"
import type { SessionId } from "@t3/protocol/Ids"
import * as Arr from "effect/Array"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import { AccessLog } from "../AccessLog.ts"
import { Connections } from "../Connections.ts"
import { endLinksOf } from "../internal/endSessions.ts"
import { appendLog } from "../internal/logRow.ts"
import { SessionMemory } from "../internal/SessionMemory.ts"
import { deviceOf, isOver, SessionRow } from "../internal/SessionRow.ts"
import { stored } from "../internal/stored.ts"

/**
 * The longest sleep, in milliseconds. So short that a suspended machine, a moved clock and a change by others are noticed
 * within a second; a timer over 24.8 days would not work at all (Node fires it at once).
 */
const tick = 1000

/** The shortest sleep: an end that cannot be written down yet is tried again, but not at once. */
const shortest = 50

/** Rows of one statement. */
const batch = 500

/** What an end says of a session: not its rights, which somebody may have damaged. */
const Over = SessionRow.pipe(Schema.pick("id", "expires_at", "device_id", "device_kind", "device_label"))

const decodeOver = Schema.decodeUnknown(Schema.Array(Over))

const decodeRow = Schema.decodeUnknown(SessionRow)

/** Whether what a connection may do is no longer what it was. */
const hasOtherRights = (before: SessionRow, after: SessionRow): boolean =>
  before.role !== after.role || before.scopes.join() !== after.scopes.join()

const make = Effect.gen(function*() {
  const sql = yield* SqlClient.SqlClient
  const memory = yield* SessionMemory
  const connections = yield* Connections
  const log = yield* AccessLog

  /** A use that could not be written when it was made. */
  const writeUse = ({ expires_at, first_used_at, id, last_used_at }: SessionRow) =>
    sql`UPDATE t3_sessions SET first_used_at = ${first_used_at}, last_used_at = ${last_used_at},
      expires_at = ${expires_at} WHERE id = ${id}`

  /** Ends links and sessions whose time has come, but not one that was used since and is yet to be written down. */
  const expire = Effect.gen(function*() {
    const now = yield* Clock.currentTimeMillis
    const links = yield* sql<{ readonly id: string }>`UPDATE t3_pairings SET expired_at = ${now}
      WHERE state = 'open' AND expired_at IS NULL AND expires_at <= ${now} RETURNING id`
    const over = yield* Effect.flatMap(
      sql`SELECT id, expires_at, device_id, device_kind, device_label FROM t3_sessions
        WHERE revoked_at IS NULL AND expired_at IS NULL AND expires_at <= ${now} LIMIT ${batch}`,
      (rows) => Effect.orDie(decodeOver(rows))
    )
    const [due, used] = Arr.partitionMap(over, (row) => {
      const known = memory.get(row.id)
      return known !== undefined && known.expires_at > now ? Either.right(known) : Either.left(row)
    })
    for (const row of used) yield* writeUse(row)
    for (const link of links) yield* appendLog(sql, now, { event: "pairing.expired", pairingId: link.id })
    for (const row of due) {
      yield* sql`UPDATE t3_sessions SET expired_at = ${now} WHERE id = ${row.id}`
      yield* appendLog(sql, now, { device: deviceOf(row), event: "session.expired", sessionId: row.id })
    }
    yield* endLinksOf(sql, { ids: due.map((row) => row.id), now })
    return { ended: due.map((row) => row.id), links: links.length, now }
  }).pipe(
    sql.withTransaction,
    // Their end is in the table already: what they have open need not wait until it can be recorded.
    Effect.tapErrorCause(() =>
      Effect.flatMap(Clock.currentTimeMillis, (now) => {
        const over = memory.unrevoked().filter((row) => isOver(row, now))
        return connections.cut(over.map((row) => row.id), new SessionExpired())
      })
    ),
    Effect.flatMap(({ ended, links, now }) => {
      for (const id of ended) {
        const known = memory.get(id)
        if (known !== undefined) memory.set({ ...known, expired_at: now })
      }
      const cut = connections.cut(ended, new SessionExpired())
      return ended.length + links === 0 ? Effect.void : Effect.zipRight(cut, log.written)
    })
  )

  /** When the next link or session ends, unless it is used before. */
  const nearest = Effect.map(
    sql<{ readonly at: number | null }>`SELECT min(at) AS at FROM (
      SELECT min(expires_at) AS at FROM t3_pairings WHERE state = 'open' AND expired_at IS NULL
      UNION ALL SELECT min(expires_at) FROM t3_sessions WHERE revoked_at IS NULL AND expired_at IS NULL) AS ends`,
    ([row]) => row?.at ?? Number.POSITIVE_INFINITY
  )

  /** What the database says now of a session in memory, whose last use may not have been written yet. */
  const reread = (known: SessionRow, row: SessionRow | undefined, now: number): SessionRow => {
    if (row === undefined) return { ...known, revoked_at: now }
    if (row.revoked_at !== null || row.last_used_at >= known.last_used_at) return row
    const { expires_at, first_used_at, last_used_at } = known
    return { ...row, expires_at, first_used_at, last_used_at }
  }

  /** Ends that others made, and that are yet to be recorded. */
  let unrecorded: ReadonlyArray<SessionRow> = []
  const record = Effect.gen(function*() {
    if (unrecorded.length === 0) return
    const now = yield* Clock.currentTimeMillis
    yield* Effect.forEach(unrecorded, (row) =>
      appendLog(sql, now, {
        device: deviceOf(row),
        event: row.revoked_at === null ? "session.expired" : "session.revoked",
        reason: "database",
        sessionId: row.id
      }), { discard: true }).pipe(sql.withTransaction)
    unrecorded = []
    yield* log.written
  })

  /** Takes over what others changed of the sessions in memory: at once, whether or not it can be recorded yet. */
  const takeOver = (known: ReadonlyArray<SessionRow>) =>
    Effect.gen(function*() {
      const now = yield* Clock.currentTimeMillis
      const ids = known.map((row) => row.id)
      const found = yield* sql<{ readonly id: string }>`SELECT * FROM t3_sessions WHERE ${sql.in("id", ids)}`
      const byId = new Map<string, SessionRow | "damaged">()
      for (const row of found) {
        const decoded = yield* Effect.either(decodeRow(row))
        if (Either.isLeft(decoded)) yield* Effect.logError(`The session ${row.id} is damaged`, decoded.left)
        byId.set(row.id, Either.getOrElse(decoded, () => "damaged"))
      }
      const ended: Array<SessionRow> = []
      const lapsed: Array<SessionRow> = []
      const changed: Array<SessionId> = []
      for (const before of known) {
        // It may have been used, or ended by us, while the database was read.
        const latest = memory.get(before.id) ?? before
        const row = byId.get(before.id)
        const isForgotten = row === undefined && latest.expired_at !== null
        if (latest.revoked_at !== null || isForgotten || row === "damaged") continue
        const after = reread(latest, row, now)
        memory.set(after)
        if (after.revoked_at !== null) ended.push(after)
        else if (after.expired_at !== null && latest.expired_at === null) lapsed.push(after)
        else if (hasOtherRights(latest, after)) changed.push(after.id)
      }
      unrecorded = [...unrecorded, ...ended, ...lapsed]
      yield* connections.cut(ended.map((row) => row.id), new SessionRevoked())
      yield* connections.cut(lapsed.map((row) => row.id), new SessionExpired())
      // They come back with the rights that they have now.
      yield* connections.cut(changed, new Unavailable())
    })

  const version = sql.onDialectOrElse({
    // A host with several servers on one database tells them of changes itself.
    pg: () => Effect.succeed(0),
    orElse: () =>
      Effect.map(
        sql<{ readonly data_version: number }>`PRAGMA data_version`,
        ([row]) => row?.data_version ?? 0
      )
  })

  let seen = yield* Effect.orDie(version)
  const lookForOthers = Effect.gen(function*() {
    const now = yield* version
    if (now === seen) return
    yield* Effect.forEach(Arr.chunksOf(memory.unrevoked(), batch), takeOver, { discard: true })
    seen = now
    yield* log.written
  })

  let writes = -1
  let deadline = Number.POSITIVE_INFINITY
  const look = Effect.gen(function*() {
    yield* lookForOthers
    yield* record
    // Whatever was decided may have moved the next end.
    const count = log.writes()
    if (count !== writes) {
      deadline = yield* nearest
      writes = count
    }
    if (deadline <= (yield* Clock.currentTimeMillis)) {
      yield* expire
      deadline = yield* nearest
    }
    return Math.min(tick, Math.max(shortest, deadline - (yield* Clock.currentTimeMillis)))
  }).pipe(stored("SqlWatch.look"), Effect.orElseSucceed(() => tick))

  yield* Effect.forkScoped(Effect.interruptible(Effect.forever(Effect.flatMap(look, Effect.sleep))))
})

/** Watches until the scope closes. */
export const layer: Layer.Layer<never, never, SqlClient.SqlClient | SessionMemory | Connections | AccessLog> = Layer
  .scopedDiscard(make)
