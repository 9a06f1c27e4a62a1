/**
 * Tells what a revocation ended, and what it left.
 *
 * @since 0.1.0
 */
import type { SessionId } from "@t3/protocol/Ids"
import type { Revocation, Session } from "@t3/protocol/Session"
import { count } from "../Plural.ts"
import * as SessionName from "./SessionName.ts"

/** The lines for a person. `known` are sessions whose names are known. */
export const lines = (revocation: Revocation, known: ReadonlyArray<Session>): ReadonlyArray<string> => {
  const { connectionsClosed, linksRevoked, sessions, sessionsPairedFromThem } = revocation
  const [they, their] = sessions.length === 1 ? ["it", "its"] : ["they", "their"]
  const name = (id: SessionId): string => {
    const session = known.find((candidate) => candidate.id === id)
    return session === undefined ? "" : ` (${SessionName.of(session)})`
  }
  return [
    ...sessions.map((id) => `Revoked ${id}${name(id)}.`),
    ...(connectionsClosed === 0 ? [] : [`Closed ${count(connectionsClosed, "connection")}.`]),
    ...(linksRevoked === 0 ? [] : [`Also revoked: ${count(linksRevoked, "open link")} that ${they} had made.`]),
    ...(sessionsPairedFromThem === 0 ? [] : [
      `Still signed in: ${count(sessionsPairedFromThem, "device")} paired from ${their} links. See t3 auth session list`
    ])
  ]
}
