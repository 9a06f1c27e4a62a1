/**
 * `Access` over the stores themselves, for the process that holds the database.
 *
 * @since 0.1.0
 */
import type { Actor } from "@t3/protocol/Actor"
import { Invalid } from "@t3/protocol/Errors"
import type { SessionId } from "@t3/protocol/Ids"
import type { Page } from "@t3/protocol/Page"
import type { Session } from "@t3/protocol/Session"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { Access } from "./Access.ts"
import { PairingStore } from "./PairingStore.ts"
import { SessionStore } from "./SessionStore.ts"

/** Marks the session that asks. */
const mark = (own: SessionId | undefined) => (session: Session): Session => ({ ...session, current: session.id === own })

const ownOf = (actor: Actor): SessionId | undefined => actor.kind === "session" ? actor.sessionId : undefined

/** Makes the facade for whoever acts. Rights of a session are checked by the route; what it may give, by the stores. */
export class StoreAccess extends Context.Tag("@t3/auth-core/StoreAccess")<
  StoreAccess,
  (actor: Actor) => Context.Tag.Service<typeof Access>
>() {
  static readonly layer: Layer.Layer<StoreAccess, never, PairingStore | SessionStore> = Layer.effect(
    this,
    Effect.gen(function*() {
      const pairings = yield* PairingStore
      const sessions = yield* SessionStore
      return (actor: Actor) => {
        const seen = mark(ownOf(actor))
        return Access.of({
          issuePairing: (request) => pairings.issue(actor, request),
          issueSession: (request) => sessions.issue(actor, request),
          listPairings: pairings.list,
          listSessions: (page) =>
            Effect.map(sessions.list(page), (all): Page<Session> => ({ ...all, items: all.items.map(seen) })),
          renameSession: (id, label) => Effect.map(sessions.rename(actor, id, label), seen),
          revokeOtherSessions: actor.kind === "session"
            ? sessions.revokeOthers(actor.sessionId)
            : new Invalid({
              hint: "Name the sessions to revoke.",
              message: "There is no own session here, so none are the others."
            }),
          revokePairing: (id) => pairings.revoke(actor, id),
          revokeSession: (id) => sessions.revoke(actor, id)
        })
      }
    })
  )
}

/** The facade for one actor of this machine. */
export const layerFor = (actor: Actor): Layer.Layer<Access, never, StoreAccess> =>
  Layer.effect(Access, Effect.map(StoreAccess, (as) => as(actor)))
