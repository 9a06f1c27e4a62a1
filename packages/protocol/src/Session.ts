/**
 * What a device gets for a pairing token, as its holder and administrators see it.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"
import { Actor } from "./Actor.ts"
import { Device, DeviceFields } from "./Device.ts"
import { PairingId, SessionId } from "./Ids.ts"
import { quiet } from "./internal/quiet.ts"
import { Role, Scope } from "./Scope.ts"
import { SessionToken } from "./SessionToken.ts"

/** How the secret travels: a bearer token, or the two halves of a browser. */
export const SessionKind = Schema.Literal("bearer", "browser")
export type SessionKind = typeof SessionKind.Type

/** Only a `live` session opens anything. */
export const SessionState = Schema.Literal("live", "expired", "revoked")
export type SessionState = typeof SessionState.Type

/** Seconds a session lives without being used: 30 days. Use renews it. */
export const idleSeconds = 30 * 86_400

/** A session as lists show it. */
export const Session = Schema.Struct({
  id: SessionId,
  kind: SessionKind,
  role: Role,
  scopes: Schema.Array(Scope),
  state: SessionState,
  device: Device,
  issuedBy: Actor,
  /** The pairing it came from; absent for one issued directly. */
  pairingId: Schema.optionalWith(PairingId, { exact: true }),
  createdAt: Schema.DateTimeUtc,
  lastUsedAt: Schema.DateTimeUtc,
  expiresAt: Schema.DateTimeUtc,
  /** Live connections that it has at this moment. */
  connections: Schema.optionalWith(Schema.NonNegativeInt, { default: () => 0 }),
  /** Whether it is the session that asks. */
  current: Schema.Boolean
})
export type Session = typeof Session.Type

/** What one may ask of a session that is issued directly, without a pairing. */
export const SessionRequest = Schema.Struct({
  role: Schema.optionalWith(Role, { default: () => "member" as const }),
  /** A subset of the role's scopes; all of them where absent. */
  scopes: Schema.optionalWith(Schema.Array(Scope), { exact: true }),
  device: Schema.optionalWith(DeviceFields, { default: () => ({}) }),
  /** An absolute end, in seconds from now, however much it is used. At least 1, at most ten years. */
  ttl: Schema.optionalWith(
    Schema.Int.pipe(Schema.between(1, 315_360_000, { message: () => "ttl is 1 to 315360000 seconds" })),
    { exact: true }
  )
})
export type SessionRequest = typeof SessionRequest.Type

/** The one answer that holds the session's token. */
export const IssuedSession = Schema.Struct({
  session: Session,
  token: SessionToken,
  /** Seconds from the answer on. */
  expiresIn: Schema.NonNegativeInt
}).annotations(quiet("a new session"))
export type IssuedSession = typeof IssuedSession.Type

/** How far a revocation goes. */
export const RevokeRequest = Schema.Struct({
  /** Also every session that was paired from links of this one, or issued by it, and so on. */
  withIssued: Schema.optionalWith(Schema.BooleanFromString, { default: () => false })
})
export type RevokeRequest = typeof RevokeRequest.Type

/** What a revocation ended, and what it left. */
export const Revocation = Schema.Struct({
  sessions: Schema.Array(SessionId),
  /** Live connections of these sessions that were closed. */
  connectionsClosed: Schema.NonNegativeInt,
  /** Open links made by these sessions; they are revoked with them. */
  linksRevoked: Schema.NonNegativeInt,
  /** Live sessions paired from links of these; they stay. */
  sessionsPairedFromThem: Schema.NonNegativeInt
})
export type Revocation = typeof Revocation.Type
