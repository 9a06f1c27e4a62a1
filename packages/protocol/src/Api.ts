/**
 * The HTTP API. Pure data: no handler, nothing of Node, so that browsers can load it.
 *
 * @since 0.1.0
 */
import * as HttpApi from "@effect/platform/HttpApi"
import * as HttpApiEndpoint from "@effect/platform/HttpApiEndpoint"
import * as HttpApiGroup from "@effect/platform/HttpApiGroup"
import * as HttpApiMiddleware from "@effect/platform/HttpApiMiddleware"
import * as HttpApiSchema from "@effect/platform/HttpApiSchema"
import * as OpenApi from "@effect/platform/OpenApi"
import * as Context from "effect/Context"
import type * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import type { Actor } from "./Actor.ts"
import { BrowserSessionRequest, BrowserSessionResponse } from "./BrowserSession.ts"
import { Descriptor, Environment, EnvironmentName } from "./Environment.ts"
import * as Errors from "./Errors.ts"
import { Position } from "./Event.ts"
import { PairingId, SessionId } from "./Ids.ts"
import { Label } from "./Label.ts"
import { LogEntry, LogRequest } from "./LogEntry.ts"
import * as OAuth from "./OAuth.ts"
import { Page, PageRequest } from "./Page.ts"
import { IssuedPairing, Pairing, PairingRequest } from "./Pairing.ts"
import { IssuedSession, Revocation, RevokeRequest, Session, SessionRequest } from "./Session.ts"
import { Status } from "./Status.ts"
import { TicketResponse } from "./Ticket.ts"

/** Who is calling, and with which rights. Only `Authorized` provides it. */
export class Caller extends Context.Tag("@t3/protocol/Caller")<Caller, {
  readonly actor: Actor
  /** The caller's session; none for a caller on the machine itself, who may do everything. */
  readonly session: Option.Option<Session>
}>() {}

/** Checks the credential, then the route's row in `RouteScopes`, before anything of the request's body is read. */
export class Authorized extends HttpApiMiddleware.Tag<Authorized>()("@t3/protocol/Authorized", {
  failure: Schema.Union(
    Errors.SessionRefusal,
    Errors.ScopeRequired,
    Errors.RateLimited,
    Errors.Conflict,
    Errors.NotFound,
    Errors.Unavailable
  ),
  provides: Caller
}) {}

/** For anyone who can reach the port. */
export class EnvironmentGroup extends HttpApiGroup.make("environment")
  .add(HttpApiEndpoint.get("descriptor", "/.well-known/t3/environment").addSuccess(Descriptor))
  .add(HttpApiEndpoint.get("health", "/health").addSuccess(Schema.Struct({ ok: Schema.Literal(true) })))
{}

/** RFC 8693, 7009 and 8414. Errors have the shape of RFC 6749, 5.2, with ours beside. */
export class OAuthGroup extends HttpApiGroup.make("oauth")
  .add(
    HttpApiEndpoint.post("token", "/oauth/token")
      .setHeaders(OAuth.IdempotencyHeaders)
      .setPayload(OAuth.TokenRequest)
      .addSuccess(OAuth.TokenResponse)
      .addError(Errors.PairingRefusal)
      .annotate(OpenApi.Summary, "Exchange a pairing token for a session")
  )
  .add(
    HttpApiEndpoint.post("revoke", "/oauth/revoke")
      .setPayload(OAuth.RevokeRequest)
      .addSuccess(Schema.Struct({}))
      .annotate(OpenApi.Summary, "Sign out the device that holds this token")
  )
  .add(HttpApiEndpoint.get("metadata", "/.well-known/oauth-authorization-server").addSuccess(OAuth.Metadata))
{}

/** How a browser pairs. */
export class BrowserGroup extends HttpApiGroup.make("browser")
  .add(
    HttpApiEndpoint.post("pair", "/api/session")
      .setHeaders(OAuth.IdempotencyHeaders)
      .setPayload(BrowserSessionRequest)
      .addSuccess(BrowserSessionResponse, { status: 201 })
      .addError(Errors.PairingRefusal)
  )
{}

/** Where to go on, both or neither; the header `Last-Event-ID`, `<stream>:<seq>`, says the same and wins. */
export const EventsRequest = Schema.Struct({
  stream: Schema.optionalWith(Position.fields.stream, { exact: true }),
  after: Schema.optionalWith(Schema.NumberFromString.pipe(Schema.int(), Schema.nonNegative()), { exact: true })
})

/** What every session may ask about itself. */
export class SessionGroup extends HttpApiGroup.make("session")
  .add(
    HttpApiEndpoint.get("whoAmI", "/api/session")
      .addSuccess(Schema.Struct({ session: Session, environment: EnvironmentName }))
      .addError(Errors.NotFound)
  )
  .add(HttpApiEndpoint.del("signOut", "/api/session").addSuccess(Schema.Struct({})))
  .add(HttpApiEndpoint.get("environment", "/api/environment").addSuccess(Environment))
  .add(
    HttpApiEndpoint.post("ticket", "/api/ws-ticket")
      .addSuccess(TicketResponse)
      .annotate(OpenApi.Summary, "A ticket to open the live connection with")
  )
  .add(
    HttpApiEndpoint.get("events", "/api/events")
      .setUrlParams(EventsRequest)
      .addSuccess(HttpApiSchema.Text({ contentType: "text/event-stream" }))
      .annotate(OpenApi.Summary, "The event stream, for clients that cannot open a WebSocket")
  )
  .middleware(Authorized)
{}

/** Who may come in: links and sessions. */
export class AccessGroup extends HttpApiGroup.make("access")
  .add(HttpApiEndpoint.get("listPairings", "/pairings").setUrlParams(PageRequest).addSuccess(Page(Pairing)))
  .add(
    HttpApiEndpoint.post("issuePairing", "/pairings")
      .setPayload(PairingRequest)
      .addSuccess(IssuedPairing, { status: 201 })
  )
  .add(
    HttpApiEndpoint.del("revokePairing", "/pairings/:id")
      .setPath(Schema.Struct({ id: PairingId }))
      .addSuccess(Pairing)
      .addError(Errors.NotFound)
      .addError(Errors.Conflict)
  )
  .add(HttpApiEndpoint.get("listSessions", "/sessions").setUrlParams(PageRequest).addSuccess(Page(Session)))
  .add(
    HttpApiEndpoint.post("issueSession", "/sessions")
      .setPayload(SessionRequest)
      .addSuccess(IssuedSession, { status: 201 })
  )
  .add(
    HttpApiEndpoint.patch("renameSession", "/sessions/:id")
      .setPath(Schema.Struct({ id: SessionId }))
      .setPayload(Schema.Struct({ label: Label }))
      .addSuccess(Session)
      .addError(Errors.NotFound)
  )
  .add(
    HttpApiEndpoint.del("revokeSession", "/sessions/:id")
      .setPath(Schema.Struct({ id: SessionId }))
      .setUrlParams(RevokeRequest)
      .addSuccess(Revocation)
      .addError(Errors.NotFound)
  )
  .add(HttpApiEndpoint.post("revokeAllSessions", "/sessions/revoke-all").addSuccess(Revocation))
  .add(HttpApiEndpoint.post("revokeOtherSessions", "/sessions/revoke-others").addSuccess(Revocation))
  .add(HttpApiEndpoint.get("readLog", "/log").setUrlParams(LogRequest).addSuccess(Page(LogEntry)))
  .middleware(Authorized)
  .prefix("/api/access")
{}

/** For the account that owns the machine, over the control socket alone. */
export class ControlGroup extends HttpApiGroup.make("control")
  .add(HttpApiEndpoint.get("status", "/api/status").addSuccess(Status).addError(Errors.NotFound))
  .middleware(Authorized)
{}

/** Everything this version serves over HTTP. */
export class Api extends HttpApi.make("t3")
  .add(EnvironmentGroup)
  .add(OAuthGroup)
  .add(BrowserGroup)
  .add(SessionGroup)
  .add(AccessGroup)
  .add(ControlGroup)
  .addError(Errors.Invalid)
  .addError(Errors.TooLarge)
  .addError(Errors.RateLimited)
  .addError(Errors.Unavailable)
  .addError(Errors.HostNotAllowed)
  .addError(Errors.OriginNotAllowed)
  .annotate(OpenApi.Title, "T3 remote access")
{}
