/** The handlers of the API: decoding and authorization are done, only the call is left. */
import * as HttpApiBuilder from "@effect/platform/HttpApiBuilder"
import type * as HttpServerRequest from "@effect/platform/HttpServerRequest"
import { Connections } from "@t3/auth-core/Connections"
import { type Exchange, PairingStore } from "@t3/auth-core/PairingStore"
import { SessionStore } from "@t3/auth-core/SessionStore"
import { StoreAccess } from "@t3/auth-core/StoreAccess"
import { Tickets } from "@t3/auth-core/Tickets"
import { Api, Caller } from "@t3/protocol/Api"
import { protocolVersion } from "@t3/protocol/Environment"
import { Invalid, NotFound } from "@t3/protocol/Errors"
import * as OAuth from "@t3/protocol/OAuth"
import { builtIn } from "@t3/protocol/Scope"
import type { Session } from "@t3/protocol/Session"
import { ttlSeconds } from "@t3/protocol/Ticket"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import type * as Redacted from "effect/Redacted"
import { EnvironmentRecord } from "../EnvironmentRecord.ts"
import { Events } from "../live/Events.ts"
import { Network } from "../network/Network.ts"
import { version } from "../version.ts"
import { halvesOf } from "./Authorized.ts"
import * as control from "./control.ts"
import { dropCookieHalf, setCookieHalf } from "./cookieHalf.ts"
import { eventStream, requestOf } from "./eventStream.ts"
import { hostOf } from "./guard.ts"

/** The scheme and host under which the client asked: one of ours, or the guard had refused it. */
const baseUrl = (request: HttpServerRequest.HttpServerRequest): string => `http://${hostOf(request)}`

const layerEnvironment = HttpApiBuilder.group(
  Api,
  "environment",
  (handlers) =>
    Effect.map(EnvironmentRecord, ({ id }) =>
      handlers
        .handle(
          "descriptor",
          () => Effect.succeed({ authMethods: ["pairing-token"], environmentId: id, protocolVersion })
        )
        .handle("health", () => Effect.succeed({ ok: true as const })))
)

const exchangeOf = (key: Redacted.Redacted | undefined, rest: Omit<Exchange, "idempotencyKey">): Exchange => ({
  ...rest,
  ...(key === undefined ? {} : { idempotencyKey: key })
})

/** RFC 6749, 3.3: space-separated. */
const scopesOf = (scope: string | undefined) => scope === undefined ? {} : { scopes: scope.split(" ").filter(Boolean) }

const deviceOf = (payload: OAuth.TokenRequest) => ({
  ...(payload.device_kind === undefined ? {} : { kind: payload.device_kind }),
  ...(payload.device_label === undefined ? {} : { label: payload.device_label }),
  ...(payload.device_os === undefined ? {} : { os: payload.device_os })
})

const tokenResponse = (session: Session, token: Redacted.Redacted, expiresIn: number) => ({
  access_token: token,
  device_id: session.device.id,
  expires_in: expiresIn,
  issued_token_type: OAuth.accessTokenType,
  role: session.role,
  scope: session.scopes.join(" "),
  session_id: session.id,
  token_type: "Bearer"
} as const)

const layerOAuth = HttpApiBuilder.group(Api, "oauth", (handlers) =>
  Effect.gen(function*() {
    const pairings = yield* PairingStore
    const sessions = yield* SessionStore
    const environment = yield* EnvironmentRecord
    return handlers
      .handle("token", ({ headers, payload }) =>
        pairings.redeem(exchangeOf(headers[OAuth.idempotencyHeader], {
          device: deviceOf(payload),
          token: payload.subject_token,
          ...scopesOf(payload.scope),
          ...(payload.actor_token === undefined ? {} : { earlier: [payload.actor_token] })
        })).pipe(
          Effect.map(({ expiresIn, secrets, session }) => ({
            ...tokenResponse(session, secrets, expiresIn),
            environment
          }))
        ))
      .handle("revoke", ({ payload }) =>
        sessions.verify(payload.token).pipe(
          Effect.flatMap(({ id }) => sessions.revoke({ kind: "session", sessionId: id }, id)),
          // RFC 7009, 2.2: a token that is not valid is revoked already.
          Effect.catchTags({
            NotFound: () => Effect.void,
            SessionExpired: () => Effect.void,
            SessionRevoked: () => Effect.void,
            Unauthenticated: () => Effect.void
          }),
          Effect.as({})
        ))
      .handle("metadata", ({ request }) =>
        Effect.succeed({
          grant_types_supported: [OAuth.grantType],
          issuer: baseUrl(request),
          response_types_supported: [],
          revocation_endpoint: `${baseUrl(request)}/oauth/revoke`,
          scopes_supported: builtIn.map(String),
          token_endpoint: `${baseUrl(request)}/oauth/token`,
          token_endpoint_auth_methods_supported: ["none"]
        }))
  }))

const layerBrowser = HttpApiBuilder.group(Api, "browser", (handlers) =>
  Effect.gen(function*() {
    const pairings = yield* PairingStore
    const environment = yield* EnvironmentRecord
    return handlers.handle("pair", ({ headers, payload, request }) =>
      Effect.gen(function*() {
        const earlier = Option.match(halvesOf(request, environment.id), {
          onNone: () => ({}),
          onSome: ({ cookie, storage }) => ({ earlier: [storage, cookie] })
        })
        const { expiresIn, secrets, session } = yield* pairings.redeemForBrowser(
          exchangeOf(headers[OAuth.idempotencyHeader], {
            ...earlier,
            device: payload.device,
            token: payload.token
          })
        )
        yield* setCookieHalf(environment.id, secrets.cookie)
        return { environment, expiresIn, session, storageHalf: secrets.storage }
      }))
  }))

const noSession = {
  hint: "This is the control socket of the machine itself, which needs no session.",
  message: "There is no session here."
}

const layerSession = HttpApiBuilder.group(Api, "session", (handlers) =>
  Effect.gen(function*() {
    const sessions = yield* SessionStore
    const environment = yield* EnvironmentRecord
    const network = yield* Network
    const connections = yield* Connections
    const events = yield* Events
    const tickets = yield* Tickets
    return handlers
      .handle("whoAmI", ({ request }) =>
        Effect.gen(function*() {
          const { session } = yield* Caller
          if (Option.isNone(session)) return yield* new NotFound(noSession)
          const halves = halvesOf(request, environment.id)
          if (session.value.kind === "browser" && Option.isSome(halves)) {
            yield* setCookieHalf(environment.id, halves.value.cookie)
          }
          return { environment, session: { ...session.value, connections: connections.count(session.value.id) } }
        }))
      .handle("signOut", () =>
        Effect.gen(function*() {
          const { actor, session } = yield* Caller
          if (Option.isNone(session)) return yield* new Invalid(noSession)
          yield* Effect.catchTag(sessions.revoke(actor, session.value.id), "NotFound", () => Effect.void)
          if (session.value.kind === "browser") yield* dropCookieHalf(environment.id)
          return {}
        }))
      .handle("environment", () =>
        Effect.gen(function*() {
          const endpoints = (yield* network.endpoints).map((endpoint) => endpoint.connectionString)
          yield* events.endpointsShown(endpoints)
          return { ...environment, endpoints, os: process.platform, version }
        }))
      .handle("ticket", ({ request }) =>
        Effect.gen(function*() {
          const { session } = yield* Caller
          if (Option.isNone(session)) return yield* new Invalid(noSession)
          return { expiresIn: ttlSeconds, ticket: yield* tickets.issue(session.value.id, request.headers["origin"]) }
        }))
      .handleRaw("events", ({ request, urlParams }) =>
        Effect.map(Caller, ({ session }) =>
          eventStream(events, sessions, requestOf(request.headers["last-event-id"], urlParams), session)))
  }))

const layerAccess = HttpApiBuilder.group(Api, "access", (handlers) =>
  Effect.map(StoreAccess, (as) => {
    const access = Effect.map(Caller, ({ actor }) => as(actor))
    return handlers
      .handle("listPairings", ({ urlParams }) => Effect.flatMap(access, (it) => it.listPairings(urlParams)))
      .handle("issuePairing", ({ payload }) => Effect.flatMap(access, (it) => it.issuePairing(payload)))
      .handle("revokePairing", ({ path }) => Effect.flatMap(access, (it) => it.revokePairing(path.id)))
      .handle("listSessions", ({ urlParams }) => Effect.flatMap(access, (it) => it.listSessions(urlParams)))
      .handle("issueSession", ({ payload }) => Effect.flatMap(access, (it) => it.issueSession(payload)))
      .handle("renameSession", ({ path, payload }) =>
        Effect.flatMap(access, (it) => it.renameSession(path.id, payload.label)))
      .handle("revokeSession", ({ path, urlParams }) =>
        Effect.flatMap(access, (it) =>
          it.revokeSession(path.id, urlParams)))
      .handle("readLog", ({ urlParams }) =>
        Effect.flatMap(access, (it) =>
          it.readLog(urlParams)))
      .handle("revokeAllSessions", () => Effect.flatMap(access, (it) => it.revokeAllSessions))
      .handle("revokeOtherSessions", () => Effect.flatMap(access, (it) => it.revokeOtherSessions))
  }))

export const layer = Layer.mergeAll(
  layerEnvironment,
  layerOAuth,
  layerBrowser,
  layerSession,
  layerAccess,
  control.layer
)
