/**
 * `Access` over the stores themselves, for the process that holds the database.
 *
 * @since 0.1.0
 */
import type { Actor } from "@t3/protocol/Actor"
import { Invalid } from "@t3/protocol/Errors"
import type { PairingId, SessionId } from "@t3/protocol/Ids"
import type { LogRequest } from "@t3/protocol/LogEntry"
import type { Page, PageRequest } from "@t3/protocol/Page"
import type { PairingRequest } from "@t3/protocol/Pairing"
import type { RevokeRequest, Session, SessionRequest } from "@t3/protocol/Session"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { Access } from "./Access.ts"
import { AccessLog } from "./AccessLog.ts"
import { Connections } from "./Connections.ts"
import { PairingStore } from "./PairingStore.ts"
import { SessionStore } from "./SessionStore.ts"

const ownOf = (actor: Actor): SessionId | undefined => actor.kind === "session" ? actor.sessionId : undefined

interface Parts {
  readonly connections: typeof Connections.Service
  readonly log: typeof AccessLog.Service
  readonly pairings: typeof PairingStore.Service
  readonly sessions: typeof SessionStore.Service
}

const make = ({ connections, log, pairings, sessions }: Parts) => (actor: Actor) => {
  const own = ownOf(actor)
  /** With what the store does not know: whether it asks, and what it has open. */
  const seen = (session: Session): Session => ({
    ...session,
    connections: connections.count(session.id),
    current: session.id === own
  })
  return {
    followLog: log.follow,
    issuePairing: (request: PairingRequest) => pairings.issue(actor, request),
    issueSession: (request: SessionRequest) => sessions.issue(actor, request),
    listPairings: pairings.list,
    listSessions: (page: PageRequest) =>
      Effect.map(sessions.list(page), (all): Page<Session> => ({ ...all, items: all.items.map(seen) })),
    readLog: (request: LogRequest) => log.read(request),
    renameSession: (id: SessionId, label: string) => Effect.map(sessions.rename(actor, id, label), seen),
    revokeAllSessions: sessions.revokeAll(actor),
    revokeOtherSessions: Effect.gen(function*() {
      if (actor.kind === "session") return yield* sessions.revokeOthers(actor.sessionId)
      return yield* new Invalid({
        hint: "Name the sessions to revoke.",
        message: "There is no own session here, so none are the others."
      })
    }),
    revokePairing: (id: PairingId) => pairings.revoke(actor, id),
    revokeSession: (id: SessionId, request?: RevokeRequest) => sessions.revoke(actor, id, request)
  } satisfies typeof Access.Service
}

/** Makes the facade for whoever acts. Rights of a session are checked by the route; what it may give, by the stores. */
export class StoreAccess extends Context.Tag("@t3/auth-core/StoreAccess")<StoreAccess, ReturnType<typeof make>>() {
  static readonly layer: Layer.Layer<StoreAccess, never, PairingStore | SessionStore | AccessLog | Connections> = Layer
    .effect(
      this,
      Effect.map(
        Effect.all({ connections: Connections, log: AccessLog, pairings: PairingStore, sessions: SessionStore }),
        make
      )
    )
}

/** The facade for one actor of this machine. */
export const layerFor = (actor: Actor): Layer.Layer<Access, never, StoreAccess> =>
  Layer.effect(Access, Effect.map(StoreAccess, (as) => as(actor)))
