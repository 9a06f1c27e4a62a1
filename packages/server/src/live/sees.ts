/** Which events a session is told: what it could read, and what happens to itself. */
import type { Event } from "@t3/protocol/Event"
import type { BuiltIn } from "@t3/protocol/Scope"
import type { Session } from "@t3/protocol/Session"
import * as Option from "effect/Option"

const required: Readonly<Record<Event["_tag"], BuiltIn | "session">> = {
  Access: "access:read",
  Connection: "access:read",
  Endpoints: "environment:read",
  Project: "project:read",
  Stopping: "session"
}

const isOwnRenaming = (session: Session, event: Event): boolean =>
  event._tag === "Access" && event.entry.event === "session.renamed" && event.entry.sessionId === session.id

/** The account that owns the machine, which has no session, sees all. */
export const sees = (session: Option.Option<Session>) => (event: Event): boolean =>
  Option.match(session, {
    onNone: () => true,
    onSome: (it) => {
      const scope = required[event._tag]
      return scope === "session" || it.scopes.some((held) => held === scope) || isOwnRenaming(it, event)
    }
  })
