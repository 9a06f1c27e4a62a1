/**
 * What can be called over the live connection: the event stream, and administration with the rights of its session.
 *
 * @since 0.1.0
 */
import * as Rpc from "@effect/rpc/Rpc"
import * as RpcGroup from "@effect/rpc/RpcGroup"
import * as RpcMiddleware from "@effect/rpc/RpcMiddleware"
import * as Schema from "effect/Schema"
import { Caller } from "./Api.ts"
import { EnvironmentName } from "./Environment.ts"
import * as Errors from "./Errors.ts"
import { EventItem, FollowRequest } from "./Event.ts"
import { PairingId, SessionId } from "./Ids.ts"
import { Label } from "./Label.ts"
import { LogEntry, LogRequest } from "./LogEntry.ts"
import { Page, PageRequest } from "./Page.ts"
import { IssuedPairing, Pairing, PairingRequest } from "./Pairing.ts"
import { IssuedSession, Revocation, RevokeRequest, Session, SessionRequest } from "./Session.ts"

/** Asks the session store again before each call: the connection's session must live and hold the call's scope. */
export class Admitted extends RpcMiddleware.Tag<Admitted>()("@t3/protocol/Admitted", {
  failure: Schema.Union(Errors.SessionRefusal, Errors.ScopeRequired, Errors.Unavailable),
  provides: Caller
}) {}

/** Outermost: a defect is logged by the server, and the peer learns only that there was one. */
export class Sealed extends RpcMiddleware.Tag<Sealed>()("@t3/protocol/Sealed", { wrap: true }) {}

/** What a call can be refused for beside what `Admitted` refuses. */
const CallRefusal = Schema.Union(Errors.Invalid, Errors.NotFound, Errors.Conflict)

const error = Schema.Union(Errors.SessionRefusal, Errors.ScopeRequired, Errors.Unavailable, CallRefusal)

export class LiveRpcs extends RpcGroup.make(
  Rpc.make("session.whoAmI", { error, success: Schema.Struct({ session: Session, environment: EnvironmentName }) }),
  Rpc.make("events.follow", { error, payload: FollowRequest, stream: true, success: EventItem }),
  Rpc.make("access.listPairings", { error, payload: PageRequest, success: Page(Pairing) }),
  Rpc.make("access.issuePairing", { error, payload: PairingRequest, success: IssuedPairing }),
  Rpc.make("access.revokePairing", { error, payload: Schema.Struct({ id: PairingId }), success: Pairing }),
  Rpc.make("access.listSessions", { error, payload: PageRequest, success: Page(Session) }),
  Rpc.make("access.issueSession", { error, payload: SessionRequest, success: IssuedSession }),
  Rpc.make("access.renameSession", {
    error,
    payload: Schema.Struct({ id: SessionId, label: Label }),
    success: Session
  }),
  Rpc.make("access.revokeSession", {
    error,
    payload: Schema.Struct({ id: SessionId, ...RevokeRequest.fields }),
    success: Revocation
  }),
  Rpc.make("access.revokeAllSessions", { error, success: Revocation }),
  Rpc.make("access.revokeOtherSessions", { error, success: Revocation }),
  Rpc.make("access.readLog", { error, payload: LogRequest, success: Page(LogEntry) })
).middleware(Admitted).middleware(Sealed) {}
