/**
 * One who follows the access log, and how a server is followed: what is tried again and again is in `LogFollow`.
 *
 * @since 0.1.0
 */
import { Access } from "@t3/auth-core/Access"
import type { Refusal } from "@t3/protocol/Errors"
import type { LogEntry } from "@t3/protocol/LogEntry"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"

/** Where a follower stands, and whom it tells. */
export interface Follower<R> {
  /** The number of the last entry that was shown. */
  readonly last: () => number
  readonly show: (entry: LogEntry) => Effect.Effect<void, never, R>
  /** From now on a server tells what happens. `newest` is the last entry that it has. */
  readonly connected: (newest: LogEntry | undefined) => Effect.Effect<void>
}

/** Shows what a server tells, until the way to it breaks off. */
export const live = <R>(follower: Follower<R>): Effect.Effect<void, Refusal, Access | R> =>
  Effect.gen(function*() {
    const access = yield* Access
    const [newest] = (yield* access.readLog({ limit: 1 })).items
    yield* follower.connected(newest)
    yield* Stream.runForEach(access.followLog(follower.last()), follower.show)
  })
