/**
 * Follows the access log of this machine through whatever is there: a server tells what happens; while none runs,
 * other commands write, and what they wrote is read when the database has changed.
 *
 * @since 0.1.0
 */
import { Access } from "@t3/auth-core/Access"
import { type Refusal, Unreachable } from "@t3/protocol/Errors"
import type { StartError } from "@t3/server/StartError"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import * as DatabaseStamp from "../access/DatabaseStamp.ts"
import * as LocalAccess from "../access/LocalAccess.ts"
import * as LogStream from "../access/LogStream.ts"
import { type Follower, live } from "./Follower.ts"

/** Follows for as long as a server runs; fails with `Unreachable` where none does, and has then shown all there was. */
export const attempt = (baseDir: string) => {
  let seen: string | undefined
  return <R>(follower: Follower<R>): Effect.Effect<void, Refusal | StartError, R> =>
    Effect.gen(function*() {
      const way = yield* LocalAccess.look(baseDir)
      if (way._tag === "Server") return yield* Effect.provide(live(follower), LocalAccess.through(way))
      if (way._tag === "Database") {
        const stamp = yield* DatabaseStamp.of(way.directory)
        if (stamp !== seen) {
          // Read at once and shown afterwards: a starting server waits for whoever holds the directory.
          const entries = yield* Effect.flatMap(Access, (access) =>
            Stream.runCollect(LogStream.after(access.readLog, follower.last()))).pipe(
              Effect.provide(LocalAccess.through(way))
            )
          seen = stamp
          yield* Effect.forEach(entries, follower.show, { discard: true })
        }
      }
      return yield* new Unreachable({ message: `No server runs in ${baseDir}.` })
    })
}
