/**
 * The record of a pairing token, as administrators see it. The token itself is told once, when it is made.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"
import { Actor } from "./Actor.ts"
import { PairingId, SessionId } from "./Ids.ts"
import { quiet } from "./internal/quiet.ts"
import { Label } from "./Label.ts"
import { PairingToken } from "./PairingToken.ts"
import { Role, Scope } from "./Scope.ts"

/** `open` is the only state that can be redeemed. */
export const PairingState = Schema.Literal("open", "used", "revoked", "expired")
export type PairingState = typeof PairingState.Type

/** The most seconds a pairing may stay open: a day. */
export const maxTtlSeconds = 86_400

/** Seconds a pairing stays open unless told otherwise: five minutes. */
export const defaultTtlSeconds = 300

/** A pairing as lists show it. */
export const Pairing = Schema.Struct({
  id: PairingId,
  label: Schema.String,
  role: Role,
  scopes: Schema.Array(Scope),
  state: PairingState,
  issuedBy: Actor,
  createdAt: Schema.DateTimeUtc,
  expiresAt: Schema.DateTimeUtc,
  /** When it was used or revoked. */
  endedAt: Schema.optionalWith(Schema.DateTimeUtc, { exact: true }),
  /** The session it became. */
  usedBy: Schema.optionalWith(SessionId, { exact: true })
})
export type Pairing = typeof Pairing.Type

/** What one may ask of a new pairing. */
export const PairingRequest = Schema.Struct({
  role: Schema.optionalWith(Role, { default: () => "member" as const }),
  /** A subset of the role's scopes; all of them where absent. */
  scopes: Schema.optionalWith(Schema.Array(Scope), { exact: true }),
  label: Schema.optionalWith(Label, { default: () => "" }),
  /** Seconds, 1 to 86,400. */
  ttl: Schema.optionalWith(
    Schema.Int.pipe(Schema.between(1, maxTtlSeconds, { message: () => "ttl is 1 to 86400 seconds" })),
    { default: () => defaultTtlSeconds }
  )
})
export type PairingRequest = typeof PairingRequest.Type

/** The one answer that holds the token. */
export const IssuedPairing = Schema.Struct({
  pairing: Pairing,
  token: PairingToken,
  /** Seconds from the answer on. */
  expiresIn: Schema.NonNegativeInt
}).annotations(quiet("a new pairing"))
export type IssuedPairing = typeof IssuedPairing.Type
