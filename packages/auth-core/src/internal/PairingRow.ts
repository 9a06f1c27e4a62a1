/** A pairing as the table has it, and as callers see it. */
import { LocalActor } from "@t3/protocol/Actor"
import { PairingId, SessionId } from "@t3/protocol/Ids"
import type { Pairing, PairingState } from "@t3/protocol/Pairing"
import { Role, Scope } from "@t3/protocol/Scope"
import * as DateTime from "effect/DateTime"
import * as Schema from "effect/Schema"
import { isOver, toActor } from "./SessionRow.ts"

export const PairingRow = Schema.Struct({
  id: PairingId,
  token_hash: Schema.String,
  label: Schema.String,
  role: Role,
  scopes: Schema.parseJson(Schema.Array(Scope)),
  state: Schema.Literal("open", "used", "revoked"),
  issued_by: Schema.Union(LocalActor, Schema.Literal("session")),
  issued_by_session: Schema.NullOr(SessionId),
  created_at: Schema.Number,
  expires_at: Schema.Number,
  ended_at: Schema.NullOr(Schema.Number),
  session_id: Schema.NullOr(SessionId),
  repeat_key_hash: Schema.NullOr(Schema.String),
  repeat_fields_hash: Schema.NullOr(Schema.String),
  /** When its end was recorded, where it came by itself. */
  expired_at: Schema.NullOr(Schema.Number)
})
export type PairingRow = typeof PairingRow.Type

export const decodeRows = Schema.decodeUnknown(Schema.Array(PairingRow))

export const encodeRow = Schema.encodeSync(PairingRow)

/** `expired` is not stored: it is what an open pairing becomes by itself. */
export const stateOf = (row: PairingRow, now: number): PairingState =>
  row.state === "open" && isOver(row, now) ? "expired" : row.state

export const toPairing = (row: PairingRow, now: number): Pairing => ({
  id: row.id,
  label: row.label,
  role: row.role,
  scopes: row.scopes,
  state: stateOf(row, now),
  issuedBy: toActor(row),
  createdAt: DateTime.unsafeMake(row.created_at),
  expiresAt: DateTime.unsafeMake(row.expires_at),
  ...(row.ended_at === null ? {} : { endedAt: DateTime.unsafeMake(row.ended_at) }),
  ...(row.session_id === null ? {} : { usedBy: row.session_id })
})
