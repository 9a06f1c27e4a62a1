/**
 * The one facade for administrators: what the CLI, the HTTP API and the desktop app all call. Three layers implement
 * it: over the stores themselves, over the control socket of a running server, over HTTP(S) with a session.
 *
 * @since 0.1.0
 */
import type { Refusal } from "@t3/protocol/Errors"
import type { PairingId, SessionId } from "@t3/protocol/Ids"
import type { LogEntry, LogRequest } from "@t3/protocol/LogEntry"
import type { Page, PageRequest } from "@t3/protocol/Page"
import type { IssuedPairing, Pairing, PairingRequest } from "@t3/protocol/Pairing"
import type { IssuedSession, Revocation, RevokeRequest, Session, SessionRequest } from "@t3/protocol/Session"
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type * as Stream from "effect/Stream"

export class Access extends Context.Tag("@t3/auth-core/Access")<Access, {
  /** Makes a link. Never one with more rights than the actor holds at that moment (`ScopeRequired`). */
  readonly issuePairing: (request: PairingRequest) => Effect.Effect<IssuedPairing, Refusal>
  /** Newest first. */
  readonly listPairings: (page: PageRequest) => Effect.Effect<Page<Pairing>, Refusal>
  /** Ends an open link (`NotFound`; `Conflict` where it was used or has ended already). */
  readonly revokePairing: (id: PairingId) => Effect.Effect<Pairing, Refusal>
  /** Makes a session without a link, for a script. The same bound as `issuePairing`. */
  readonly issueSession: (request: SessionRequest) => Effect.Effect<IssuedSession, Refusal>
  /** Newest first. */
  readonly listSessions: (page: PageRequest) => Effect.Effect<Page<Session>, Refusal>
  readonly renameSession: (id: SessionId, label: string) => Effect.Effect<Session, Refusal>
  /**
   * Ends a session and the open links it made, durably, and closes what it has open, before it answers (`NotFound`).
   * `withIssued` ends what came from it, too.
   */
  readonly revokeSession: (id: SessionId, request?: RevokeRequest) => Effect.Effect<Revocation, Refusal>
  /** Ends every session there is at that moment, the actor's own too. */
  readonly revokeAllSessions: Effect.Effect<Revocation, Refusal>
  /** Ends every session but the actor's own (`Invalid` for an actor that is no session). */
  readonly revokeOtherSessions: Effect.Effect<Revocation, Refusal>
  /** Decisions about access, newest first; those `after` a number oldest first. */
  readonly readLog: (request: LogRequest) => Effect.Effect<Page<LogEntry>, Refusal>
  /**
   * Every entry after that number, oldest first, and then each as it is written. Ends only by failing: with
   * `Unreachable` where the way to the server broke off.
   */
  readonly followLog: (after: number) => Stream.Stream<LogEntry, Refusal>
}>() {}
