/** A session as the table has it, and as callers see it. */
import type * as SqlClient from "@effect/sql/SqlClient"
import type { Actor } from "@t3/protocol/Actor"
import { LocalActor } from "@t3/protocol/Actor"
import { DeviceKind } from "@t3/protocol/Device"
import { DeviceId, PairingId, SessionId } from "@t3/protocol/Ids"
import type { LogDevice } from "@t3/protocol/LogEntry"
import { Role, Scope } from "@t3/protocol/Scope"
import { type Session, SessionKind, type SessionState } from "@t3/protocol/Session"
import * as DateTime from "effect/DateTime"
import * as Schema from "effect/Schema"

export const SessionRow = Schema.Struct({
  id: SessionId,
  kind: SessionKind,
  /** Of the bearer token, or of the storage half. */
  secret_hash: Schema.String,
  cookie_hash: Schema.NullOr(Schema.String),
  role: Role,
  scopes: Schema.parseJson(Schema.Array(Scope)),
  device_id: DeviceId,
  device_label: Schema.String,
  device_kind: DeviceKind,
  device_os: Schema.NullOr(Schema.String),
  device_browser: Schema.NullOr(Schema.String),
  issued_by: Schema.Union(LocalActor, Schema.Literal("session")),
  issued_by_session: Schema.NullOr(SessionId),
  pairing_id: Schema.NullOr(PairingId),
  created_at: Schema.Number,
  first_used_at: Schema.NullOr(Schema.Number),
  last_used_at: Schema.Number,
  expires_at: Schema.Number,
  ends_at: Schema.NullOr(Schema.Number),
  revoked_at: Schema.NullOr(Schema.Number),
  /** When its end was recorded, where it came by itself. */
  expired_at: Schema.NullOr(Schema.Number)
})
export type SessionRow = typeof SessionRow.Type

export const decodeRows = Schema.decodeUnknown(Schema.Array(SessionRow))

const encodeRow = Schema.encodeSync(SessionRow)

export const insert = (sql: SqlClient.SqlClient, row: SessionRow) =>
  sql`INSERT INTO t3_sessions ${sql.insert(encodeRow(row))}`

/** Who issued it, from the two columns that say so. */
export const toActor = (
  row: { readonly issued_by: LocalActor | "session"; readonly issued_by_session: SessionId | null }
): Actor =>
  row.issued_by === "session" && row.issued_by_session !== null
    ? { kind: "session", sessionId: row.issued_by_session }
    : { kind: row.issued_by === "session" ? "host" : row.issued_by }

/** The two columns for an actor. */
export const fromActor = (actor: Actor) => ({
  issued_by: actor.kind,
  issued_by_session: actor.kind === "session" ? actor.sessionId : null
})

/** The device, as the log calls it. */
export const deviceOf = (row: Pick<SessionRow, "device_id" | "device_kind" | "device_label">): LogDevice => ({
  id: row.device_id,
  kind: row.device_kind,
  label: row.device_label
})

/** Whether its time is over. An end that was recorded stays one, also where the clock goes back. */
export const isOver = (row: Pick<SessionRow, "expired_at" | "expires_at">, now: number): boolean =>
  row.expired_at !== null || row.expires_at <= now

const stateOf = (row: SessionRow, now: number): SessionState => {
  if (row.revoked_at !== null) return "revoked"
  return isOver(row, now) ? "expired" : "live"
}

export const toSession = (row: SessionRow, now: number): Session => ({
  id: row.id,
  kind: row.kind,
  role: row.role,
  scopes: row.scopes,
  state: stateOf(row, now),
  device: {
    id: row.device_id,
    kind: row.device_kind,
    label: row.device_label,
    ...(row.device_os === null ? {} : { os: row.device_os }),
    ...(row.device_browser === null ? {} : { browser: row.device_browser })
  },
  issuedBy: toActor(row),
  ...(row.pairing_id === null ? {} : { pairingId: row.pairing_id }),
  createdAt: DateTime.unsafeMake(row.created_at),
  lastUsedAt: DateTime.unsafeMake(row.last_used_at),
  expiresAt: DateTime.unsafeMake(row.expires_at),
  connections: 0,
  current: false
})
