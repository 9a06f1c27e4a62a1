/**
 * Administration over the HTTP API: of a saved remote environment, or of the server here through its control socket.
 *
 * @since 0.1.0
 */
import type { Access } from "@t3/auth-core/Access"
import type { T3Client } from "@t3/client/T3Client"
import type { Refusal } from "@t3/protocol/Errors"
import type * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import { identity } from "effect/Function"

/** What is added to each call: how long it may take, or what its failures mean here. */
export type Around = <A>(call: Effect.Effect<A, Refusal>) => Effect.Effect<A, Refusal>

/** The facade over a client that is signed in. */
export const make = ({ access }: T3Client, around: Around = identity): Context.Tag.Service<typeof Access> => ({
  issuePairing: (payload) => around(access.issuePairing({ payload })),
  issueSession: (payload) => around(access.issueSession({ payload })),
  listPairings: (urlParams) => around(access.listPairings({ urlParams })),
  listSessions: (urlParams) => around(access.listSessions({ urlParams })),
  renameSession: (id, label) => around(access.renameSession({ path: { id }, payload: { label } })),
  revokeOtherSessions: around(access.revokeOtherSessions({})),
  revokePairing: (id) => around(access.revokePairing({ path: { id } })),
  revokeSession: (id) => around(access.revokeSession({ path: { id } }))
})
