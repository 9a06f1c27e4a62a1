/**
 * Pairings: made, listed, revoked, and traded once for a session.
 *
 * @since 0.1.0
 */
import type { Actor } from "@t3/protocol/Actor"
import type { DeviceFields } from "@t3/protocol/Device"
import type {
  Conflict,
  Invalid,
  NotFound,
  PairingRefusal,
  RateLimited,
  ScopeRequired,
  SessionRefusal,
  Unavailable
} from "@t3/protocol/Errors"
import type { PairingId } from "@t3/protocol/Ids"
import type { Page, PageRequest } from "@t3/protocol/Page"
import type { IssuedPairing, Pairing, PairingRequest } from "@t3/protocol/Pairing"
import type { PairingToken } from "@t3/protocol/PairingToken"
import type { Session } from "@t3/protocol/Session"
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type * as Redacted from "effect/Redacted"

/** What a device sends to trade its pairing token for a session. */
export interface Exchange {
  readonly token: PairingToken
  readonly device: DeviceFields
  /** Names of the scopes the device wants; all that the pairing gives where absent. Unknown names are ignored. */
  readonly scopes?: ReadonlyArray<string>
  /** Makes a repetition within a minute safe. */
  readonly idempotencyKey?: Redacted.Redacted
  /** Proof of the device's earlier session, which the new one replaces: its bearer token, or both browser halves. */
  readonly earlier?: ReadonlyArray<Redacted.Redacted>
}

/** A fresh session and its secret, told once. */
export interface Redeemed<Secrets> {
  readonly session: Session
  readonly secrets: Secrets
  /** Seconds from now until the session lapses if it is not used. */
  readonly expiresIn: number
}

/** The two halves of a browser session. */
export interface Halves {
  readonly cookie: Redacted.Redacted
  readonly storage: Redacted.Redacted
}

type RedeemRefusal = PairingRefusal | RateLimited | Invalid | Unavailable

export class PairingStore extends Context.Tag("@t3/auth-core/PairingStore")<PairingStore, {
  /** Makes a link with at most the rights that `actor` holds at that moment. */
  readonly issue: (
    actor: Actor,
    request: PairingRequest
  ) => Effect.Effect<IssuedPairing, Invalid | ScopeRequired | SessionRefusal | Unavailable>
  /** Newest first; open ones, or all that are kept. */
  readonly list: (page: PageRequest) => Effect.Effect<Page<Pairing>, Invalid | Unavailable>
  /** Ends an open pairing. */
  readonly revoke: (
    actor: Actor,
    id: PairingId
  ) => Effect.Effect<Pairing, NotFound | Conflict | SessionRefusal | Unavailable>
  /** Trades the token for a bearer session. One of any number of callers wins; what is refused burns nothing. */
  readonly redeem: (exchange: Exchange) => Effect.Effect<Redeemed<Redacted.Redacted>, RedeemRefusal>
  /** The same for a browser session. */
  readonly redeemForBrowser: (exchange: Exchange) => Effect.Effect<Redeemed<Halves>, RedeemRefusal>
}>() {}
