/**
 * The access log in a SQL table.
 *
 * @since 0.1.0
 */
import * as SqlClient from "@effect/sql/SqlClient"
import type { Actor } from "@t3/protocol/Actor"
import { LocalActor } from "@t3/protocol/Actor"
import { SessionId } from "@t3/protocol/Ids"
import * as Clock from "effect/Clock"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as FiberSet from "effect/FiberSet"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import { AccessLog, type Entry, type Recorded } from "../AccessLog.ts"
import { appendLog } from "../internal/logRow.ts"
import { stored } from "../internal/stored.ts"

const Row = Schema.Struct({
  seq: Schema.Number,
  at: Schema.Number,
  event: Schema.String,
  actor: Schema.NullOr(Schema.Union(LocalActor, Schema.Literal("session"))),
  actor_session: Schema.NullOr(SessionId),
  pairing_id: Schema.NullOr(Schema.String),
  session_id: Schema.NullOr(Schema.String),
  address: Schema.NullOr(Schema.String),
  reason: Schema.NullOr(Schema.String),
  times: Schema.Number
})

const decodeRows = Schema.decodeUnknown(Schema.Array(Row))

const toActor = (row: typeof Row.Type): Actor | undefined => {
  if (row.actor === null) return undefined
  if (row.actor !== "session") return { kind: row.actor }
  return row.actor_session === null ? undefined : { kind: "session", sessionId: row.actor_session }
}

const toRecorded = (row: typeof Row.Type): Recorded => {
  const actor = toActor(row)
  return {
    seq: row.seq,
    at: DateTime.unsafeMake(row.at),
    count: row.times,
    // The column holds what this program wrote; a name of a later version is shown as it is.
    event: row.event as Recorded["event"],
    ...(actor === undefined ? {} : { actor }),
    ...(row.pairing_id === null ? {} : { pairingId: row.pairing_id }),
    ...(row.session_id === null ? {} : { sessionId: row.session_id }),
    ...(row.address === null ? {} : { address: row.address }),
    ...(row.reason === null ? {} : { reason: row.reason })
  }
}

const gatherFor = Duration.minutes(1)

export const layer: Layer.Layer<AccessLog, never, SqlClient.SqlClient> = Layer.scoped(
  AccessLog,
  Effect.gen(function*() {
    const sql = yield* SqlClient.SqlClient
    const flushes = yield* FiberSet.make()
    const gathered = new Map<string, { readonly entry: Entry; times: number }>()

    const write = (entry: Entry, times: number) =>
      Effect.flatMap(Clock.currentTimeMillis, (now) => appendLog(sql, now, entry, times)).pipe(
        stored("AccessLog.refused"),
        // Already logged by `stored`; a refusal stands whether or not it could be recorded.
        Effect.ignore
      )

    const flush = (key: string) =>
      Effect.suspend(() => {
        const found = gathered.get(key)
        gathered.delete(key)
        return found === undefined || found.times === 0 ? Effect.void : write(found.entry, found.times)
      })

    yield* Effect.addFinalizer(() => Effect.forEach(Array.from(gathered.keys()), flush, { discard: true }))

    return AccessLog.of({
      latest: (limit) =>
        sql`SELECT * FROM t3_access_log ORDER BY seq DESC LIMIT ${limit}`.pipe(
          Effect.flatMap((rows) => Effect.orDie(decodeRows(rows))),
          Effect.map((rows) => rows.map(toRecorded)),
          stored("AccessLog.latest")
        ),
      refused: (entry) =>
        Effect.suspend(() => {
          const key = [entry.event, entry.reason, entry.address, entry.pairingId].join("\n")
          const known = gathered.get(key)
          if (known !== undefined) {
            known.times += 1
            return Effect.void
          }
          gathered.set(key, { entry, times: 0 })
          const later = Effect.interruptible(Effect.delay(flush(key), gatherFor))
          return Effect.zipRight(write(entry, 1), Effect.asVoid(FiberSet.run(flushes, later)))
        }).pipe(Effect.uninterruptible)
    })
  })
)
