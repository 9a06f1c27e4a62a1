/**
 * Administration over the HTTP API: of a saved remote environment, or of the server here through its control socket.
 *
 * @since 0.1.0
 */
import type { Access } from "@t3/auth-core/Access"
import type { T3Client } from "@t3/client/T3Client"
import type * as Context from "effect/Context"

/** The facade over a client that is signed in. */
export const make = ({ access }: T3Client): Context.Tag.Service<typeof Access> => ({
  issuePairing: (payload) => access.issuePairing({ payload }),
  issueSession: (payload) => access.issueSession({ payload }),
  listPairings: (urlParams) => access.listPairings({ urlParams }),
  listSessions: (urlParams) => access.listSessions({ urlParams }),
  renameSession: (id, label) => access.renameSession({ path: { id }, payload: { label } }),
  revokeOtherSessions: access.revokeOtherSessions({}),
  revokePairing: (id) => access.revokePairing({ path: { id } }),
  revokeSession: (id) => access.revokeSession({ path: { id } })
})
