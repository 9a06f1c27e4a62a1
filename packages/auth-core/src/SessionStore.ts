/**
 * Sessions: what a device got for its pairing token, until it lapses or is revoked.
 *
 * @since 0.1.0
 */
import type { Actor } from "@t3/protocol/Actor"
import type {
  Conflict,
  Invalid,
  NotFound,
  RateLimited,
  ScopeRequired,
  SessionRefusal,
  Unavailable
} from "@t3/protocol/Errors"
import type { SessionId } from "@t3/protocol/Ids"
import type { Page, PageRequest } from "@t3/protocol/Page"
import type { IssuedSession, Revocation, RevokeRequest, Session, SessionRequest } from "@t3/protocol/Session"
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type * as Redacted from "effect/Redacted"
import type { Halves } from "./PairingStore.ts"

export class SessionStore extends Context.Tag("@t3/auth-core/SessionStore")<SessionStore, {
  /** Makes a session without a pairing, with at most the rights that `actor` holds at that moment. */
  readonly issue: (
    actor: Actor,
    request: SessionRequest
  ) => Effect.Effect<IssuedSession, Invalid | ScopeRequired | SessionRefusal | Unavailable>
  /** Checks a bearer token and renews its session. Answered from memory once the session was seen. */
  readonly verify: (token: Redacted.Redacted) => Effect.Effect<Session, SessionRefusal | RateLimited | Unavailable>
  /** Checks both halves of a browser session; `Conflict` if they belong to two sessions. */
  readonly verifyBrowser: (
    halves: Halves
  ) => Effect.Effect<Session, SessionRefusal | Conflict | RateLimited | Unavailable>
  /** Asks again for a session that was verified before, such as that of an open connection, and renews it. */
  readonly current: (id: SessionId) => Effect.Effect<Session, SessionRefusal | Unavailable>
  /** Newest first; live ones, or all that are kept. */
  readonly list: (page: PageRequest) => Effect.Effect<Page<Session>, Invalid | Unavailable>
  readonly rename: (
    actor: Actor,
    id: SessionId,
    label: string
  ) => Effect.Effect<Session, NotFound | SessionRefusal | Unavailable>
  /** Ends a session and the open links it made, durably, and closes what it has open, before it answers. */
  readonly revoke: (
    actor: Actor,
    id: SessionId,
    request?: RevokeRequest
  ) => Effect.Effect<Revocation, NotFound | SessionRefusal | Unavailable>
  /** Ends every session that lives at that moment, in one transaction: none is made in between. */
  readonly revokeAll: (actor: Actor) => Effect.Effect<Revocation, SessionRefusal | Unavailable>
  /** Ends every session but `own`. */
  readonly revokeOthers: (own: SessionId) => Effect.Effect<Revocation, SessionRefusal | Unavailable>
}>() {}
