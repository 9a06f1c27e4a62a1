/**
 * The one place where a request becomes a caller: its credential is checked, then the route's row in the table.
 *
 * @since 0.1.0
 */
import * as HttpRouter from "@effect/platform/HttpRouter"
import * as HttpServerRequest from "@effect/platform/HttpServerRequest"
import { AccessLog } from "@t3/auth-core/AccessLog"
import { Connections } from "@t3/auth-core/Connections"
import { SessionStore } from "@t3/auth-core/SessionStore"
import { Authorized, Caller } from "@t3/protocol/Api"
import { NotFound, ScopeRequired, Unauthenticated } from "@t3/protocol/Errors"
import * as RouteScopes from "@t3/protocol/RouteScopes"
import type { Session } from "@t3/protocol/Session"
import { cookieName, storageHeader } from "@t3/protocol/SessionToken"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import { EnvironmentRecord } from "../EnvironmentRecord.ts"
import { denied } from "./denied.ts"
import { Ingress } from "./Ingress.ts"
import { tie } from "./requestConnection.ts"

/** The two halves of a browser session as a request carries them; none unless both are there. */
export const halvesOf = (request: HttpServerRequest.HttpServerRequest, environmentId: string) => {
  const storage = request.headers[storageHeader]
  const cookie = request.cookies[cookieName(environmentId, "http")]
  return storage === undefined || cookie === undefined
    ? Option.none()
    : Option.some({ cookie: Redacted.make(cookie), storage: Redacted.make(storage) })
}

/** RFC 6750, 2.1. Another scheme is no credential of ours. */
const bearerOf = (authorization: string): Effect.Effect<Redacted.Redacted, Unauthenticated> => {
  const token = /^Bearer +(\S+)$/i.exec(authorization)?.[1]
  return token === undefined
    ? new Unauthenticated({ message: "The Authorization header is not of the form `Bearer <session token>`." })
    : Effect.succeed(Redacted.make(token))
}

/** A route without a row is for nobody. */
const allows = (route: string, session: Session): Effect.Effect<void, ScopeRequired> => {
  const requirement = RouteScopes.byRoute.get(route)
  if (requirement === "session" || requirement === "public") return Effect.void
  return requirement !== undefined && session.scopes.some((scope) => scope === requirement)
    ? Effect.void
    : ScopeRequired.of(requirement ?? route)
}

/** The one route whose answer goes on for as long as the device stays. */
const isStream = (route: string): boolean => route === "GET /api/events"

type Needs = SessionStore | EnvironmentRecord | Connections | AccessLog

export const layer: Layer.Layer<Authorized, never, Needs> = Layer.effect(
  Authorized,
  Effect.gen(function*() {
    const sessions = yield* SessionStore
    const environment = yield* EnvironmentRecord
    const connections = yield* Connections
    const log = yield* AccessLog

    /** Where `Authorization` is present, only it counts: a stale cookie must not beat a valid token, or stand in for a bad one. */
    const sessionOf = (request: HttpServerRequest.HttpServerRequest) => {
      const authorization = request.headers["authorization"]
      if (authorization !== undefined) return Effect.flatMap(bearerOf(authorization), sessions.verify)
      return Option.match(halvesOf(request, environment.id), {
        onNone: () => new Unauthenticated(),
        onSome: sessions.verifyBrowser
      })
    }

    return Effect.gen(function*() {
      const request = yield* HttpServerRequest.HttpServerRequest
      if ((yield* Ingress) === "control") {
        return Caller.of({ actor: { kind: "cli" }, session: Option.none() })
      }
      const { route } = yield* HttpRouter.RouteContext
      const name = `${route.method} ${route.path}`
      // What the control socket alone has is not here, whoever asks.
      if (RouteScopes.byRoute.get(name) === "control") return yield* new NotFound()
      const session = yield* sessionOf(request)
      const actor = { kind: "session", sessionId: session.id } as const
      yield* Effect.tapErrorTag(
        allows(name, session),
        "ScopeRequired",
        ({ required }) => log.refused(denied(session, required))
      )
      yield* tie(connections, request, session.id, isStream(name))
      return Caller.of({ actor, session: Option.some(session) })
    })
  })
)
