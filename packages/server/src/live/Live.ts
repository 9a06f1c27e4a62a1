/**
 * The calls of the live connection, and what guards each of them.
 *
 * @since 0.1.0
 */
import * as RpcServer from "@effect/rpc/RpcServer"
import { AccessLog } from "@t3/auth-core/AccessLog"
import { Connections } from "@t3/auth-core/Connections"
import { SessionStore } from "@t3/auth-core/SessionStore"
import { StoreAccess } from "@t3/auth-core/StoreAccess"
import { Caller } from "@t3/protocol/Api"
import { Invalid, ScopeRequired, Unauthenticated } from "@t3/protocol/Errors"
import { Admitted, LiveRpcs, Sealed } from "@t3/protocol/LiveRpcs"
import { rpcScopes } from "@t3/protocol/RpcScopes"
import type { Session } from "@t3/protocol/Session"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import { EnvironmentRecord } from "../EnvironmentRecord.ts"
import { denied } from "../http/denied.ts"
import { Events } from "./Events.ts"
import { sealed } from "./message.ts"
import { sees } from "./sees.ts"
import { Sockets } from "./Sockets.ts"

const requirements: ReadonlyMap<string, string> = new Map(Object.entries(rpcScopes))

/** A call without a row is for nobody. */
const allows = (call: string, session: Session): Effect.Effect<void, ScopeRequired> => {
  const requirement = requirements.get(call)
  return requirement === "session" || session.scopes.some((scope) => scope === requirement)
    ? Effect.void
    : ScopeRequired.of(requirement ?? call)
}

const layerAdmitted = Layer.effect(
  Admitted,
  Effect.gen(function*() {
    const sockets = yield* Sockets
    const sessions = yield* SessionStore
    const log = yield* AccessLog
    return Admitted.of(({ clientId, rpc }) =>
      Effect.gen(function*() {
        const id = sockets.sessionOf(clientId)
        if (Option.isNone(id)) return yield* new Unauthenticated()
        const session = yield* sessions.current(id.value)
        const actor = { kind: "session", sessionId: session.id } as const
        yield* Effect.tapError(
          allows(rpc._tag, session),
          ({ required }) => log.refused(denied(session, required))
        )
        return { actor, session: Option.some(session) }
      })
    )
  })
)

const layerSealed = Layer.succeed(Sealed, ({ next, rpc }) =>
  next.pipe(
    Effect.tapDefect((cause) => Effect.logError(`${rpc._tag} failed`, cause)),
    Effect.catchAllDefect(() => Effect.dieMessage(sealed))
  ))

const layerHandlers = LiveRpcs.toLayer(Effect.gen(function*() {
  const as = yield* StoreAccess
  const connections = yield* Connections
  const environment = yield* EnvironmentRecord
  const events = yield* Events
  const access = Effect.map(Caller, ({ actor }) => as(actor))
  return LiveRpcs.of({
    "access.issuePairing": (request) => Effect.flatMap(access, (it) => it.issuePairing(request)),
    "access.issueSession": (request) => Effect.flatMap(access, (it) => it.issueSession(request)),
    "access.listPairings": (request) => Effect.flatMap(access, (it) => it.listPairings(request)),
    "access.listSessions": (request) => Effect.flatMap(access, (it) => it.listSessions(request)),
    "access.readLog": (request) => Effect.flatMap(access, (it) => it.readLog(request)),
    "access.renameSession": ({ id, label }) => Effect.flatMap(access, (it) => it.renameSession(id, label)),
    "access.revokeAllSessions": () => Effect.flatMap(access, (it) => it.revokeAllSessions),
    "access.revokeOtherSessions": () => Effect.flatMap(access, (it) => it.revokeOtherSessions),
    "access.revokePairing": ({ id }) => Effect.flatMap(access, (it) => it.revokePairing(id)),
    "access.revokeSession": ({ id, ...request }) => Effect.flatMap(access, (it) => it.revokeSession(id, request)),
    "events.follow": (request) =>
      Stream.unwrap(Effect.map(Caller, ({ session }) => events.follow(request, sees(session)))),
    "session.whoAmI": () =>
      Effect.flatMap(Caller, ({ session }) =>
        Option.match(session, {
          onNone: () => new Invalid({ message: "There is no session here." }),
          onSome: (it) => Effect.succeed({ environment, session: { ...it, connections: connections.count(it.id) } })
        }))
  })
}))

type Needs = AccessLog | Connections | EnvironmentRecord | Events | SessionStore | StoreAccess

/** `Sockets`, with the calls behind it; they end with the scope. */
export const layer: Layer.Layer<Sockets, never, Needs> = RpcServer.layer(LiveRpcs, {
  disableFatalDefects: true,
  disableTracing: true
}).pipe(
  Layer.provide(Layer.effect(RpcServer.Protocol, Effect.map(Sockets, ({ protocol }) => protocol))),
  Layer.provide([layerHandlers, layerAdmitted, layerSealed]),
  Layer.provideMerge(Sockets.layer)
)
