/**
 * Which sessions came from which: paired from its links, issued by it, and so on.
 *
 * @since 0.1.0
 */
import type { Session } from "@t3/protocol/Session"

/** `from`, as far as `everyone` has them, and all that came from these. */
export const of = (everyone: ReadonlyArray<Session>, from: ReadonlyArray<Session>): ReadonlyArray<Session> => {
  const ids = new Set(from.map(({ id }) => id))
  const isOne = ({ id, issuedBy }: Session): boolean =>
    ids.has(id) || (issuedBy.kind === "session" && ids.has(issuedBy.sessionId))
  const found = everyone.filter(isOne)
  return found.every(({ id }) => ids.has(id)) ? found : of(everyone, found)
}

/** Those of `sessions` that came from none of the others. */
export const heads = (
  everyone: ReadonlyArray<Session>,
  sessions: ReadonlyArray<Session>
): ReadonlyArray<Session> =>
  sessions.filter((session) => {
    const others = sessions.filter(({ id }) => id !== session.id)
    return !of(everyone, others).some(({ id }) => id === session.id)
  })
