/**
 * Administration over the HTTP API: of a saved remote environment, or of the server here through its control socket.
 *
 * @since 0.1.0
 */
import type { Access } from "@t3/auth-core/Access"
import type { T3Client } from "@t3/client/T3Client"
import type { Refusal } from "@t3/protocol/Errors"
import type { EventItem } from "@t3/protocol/Event"
import type { LogRequest } from "@t3/protocol/LogEntry"
import type * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import { identity } from "effect/Function"
import type * as Stream from "effect/Stream"
import * as LogStream from "./LogStream.ts"

/** What is added to each call: how long it may take, or what its failures mean here. */
export type Around = <A>(call: Effect.Effect<A, Refusal>) => Effect.Effect<A, Refusal>

/** The facade over a client that is signed in, and the events that the same server tells. */
export const make = (
  { access }: T3Client,
  events: Stream.Stream<EventItem, Refusal>,
  around: Around = identity
): Context.Tag.Service<typeof Access> => {
  const readLog = (urlParams: LogRequest) => around(access.readLog({ urlParams }))
  return {
    followLog: (after) => LogStream.follow(readLog, events, after),
    issuePairing: (payload) => around(access.issuePairing({ payload })),
    issueSession: (payload) => around(access.issueSession({ payload })),
    listPairings: (urlParams) => around(access.listPairings({ urlParams })),
    listSessions: (urlParams) => around(access.listSessions({ urlParams })),
    readLog,
    renameSession: (id, label) => around(access.renameSession({ path: { id }, payload: { label } })),
    revokeAllSessions: around(access.revokeAllSessions({})),
    revokeOtherSessions: around(access.revokeOtherSessions({})),
    revokePairing: (id) => around(access.revokePairing({ path: { id } })),
    revokeSession: (id, urlParams = { withIssued: false }) => around(access.revokeSession({ path: { id }, urlParams }))
  }
}
