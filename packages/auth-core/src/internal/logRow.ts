/** A row of the access log: written in the transaction of what it records, read as an entry. */
import type * as SqlClient from "@effect/sql/SqlClient"
import { type Actor, LocalActor } from "@t3/protocol/Actor"
import { DeviceId, PairingId, SessionId } from "@t3/protocol/Ids"
import type { LogEntry } from "@t3/protocol/LogEntry"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type { Decision } from "../AccessLog.ts"
import { Source } from "../Source.ts"

export const LogRow = Schema.Struct({
  seq: Schema.Number,
  at: Schema.Number,
  event: Schema.String,
  actor: Schema.NullOr(Schema.Union(LocalActor, Schema.Literal("session"))),
  actor_session: Schema.NullOr(SessionId),
  pairing_id: Schema.NullOr(PairingId),
  session_id: Schema.NullOr(SessionId),
  device_id: Schema.NullOr(DeviceId),
  device_label: Schema.NullOr(Schema.String),
  device_kind: Schema.NullOr(Schema.String),
  address: Schema.NullOr(Schema.String),
  reason: Schema.NullOr(Schema.String),
  times: Schema.Number
})
export type LogRow = typeof LogRow.Type

const decode = Schema.decodeUnknown(Schema.Array(LogRow))

export const decodeRows = (rows: ReadonlyArray<unknown>) => Effect.orDie(decode(rows))

const toActor = (row: LogRow): Actor | undefined => {
  if (row.actor === null) return undefined
  if (row.actor !== "session") return { kind: row.actor }
  return row.actor_session === null ? undefined : { kind: "session", sessionId: row.actor_session }
}

export const toEntry = (row: LogRow): LogEntry => {
  const actor = toActor(row)
  const { device_id: id, device_kind: kind, device_label: label } = row
  return {
    seq: row.seq,
    at: DateTime.unsafeMake(row.at),
    count: row.times,
    event: row.event,
    ...(actor === undefined ? {} : { actor }),
    ...(row.pairing_id === null ? {} : { pairingId: row.pairing_id }),
    ...(row.session_id === null ? {} : { sessionId: row.session_id }),
    ...(id === null || kind === null || label === null ? {} : { device: { id, kind, label } }),
    ...(row.address === null ? {} : { address: row.address }),
    ...(row.reason === null ? {} : { reason: row.reason })
  }
}

export const appendLog = (sql: SqlClient.SqlClient, at: number, decision: Decision, times = 1) =>
  Effect.flatMap(Source, (source) =>
    sql`INSERT INTO t3_access_log ${
      sql.insert({
        at,
        event: decision.event,
        actor: decision.actor?.kind ?? null,
        actor_session: decision.actor?.kind === "session" ? decision.actor.sessionId : null,
        pairing_id: decision.pairingId ?? null,
        session_id: decision.sessionId ?? null,
        device_id: decision.device?.id ?? null,
        device_label: decision.device?.label ?? null,
        device_kind: decision.device?.kind ?? null,
        address: source?.address ?? null,
        reason: decision.reason ?? null,
        times
      })
    }`)
