/**
 * Goes on showing the access log, whatever servers come and go: nothing twice, and nothing left out.
 *
 * @since 0.1.0
 */
import type { Refusal } from "@t3/protocol/Errors"
import type { StartError } from "@t3/server/StartError"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schedule from "effect/Schedule"
import { Output } from "../Output.ts"
import * as Settings from "../Settings.ts"
import * as Administer from "./Administer.ts"
import { type Follower, live } from "./Follower.ts"

/** Follows through whatever is there at the moment; fails where it breaks off. */
type Attempt<R> = (follower: Follower<R>) => Effect.Effect<void, Refusal | StartError, R>

/** Waits between attempts: the machine here is asked often, another one ever less, and never by all at once. */
const pause = "500 millis"
const spaced = Schedule.asVoid(Schedule.spaced(pause))
const backoff = Schedule.exponential(pause).pipe(
  Schedule.union(Schedule.spaced("10 seconds")),
  Schedule.jittered,
  Schedule.asVoid
)

const passing: ReadonlySet<(Refusal | StartError)["_tag"]> = new Set([
  "DirectoryHeld",
  "RateLimited",
  "Unavailable",
  "Unreachable"
])

/** Whether it may be over in a moment. */
const passes = ({ _tag }: Refusal | StartError): boolean => passing.has(_tag)

const waiting = {
  lost: "t3: the server went away; waiting for it.",
  new: "t3: no server answers now; waiting for one."
}

/** A follower, and what a fault that passes means to it: whether to begin a round anew, or to wait for longer. */
const make = <R>(output: typeof Output.Service, start: number, show: Follower<R>["show"]) => {
  let last = start
  let state: "new" | "connected" | "lost" | "away" = "new"
  const follower: Follower<R> = {
    connected: (newest) =>
      Effect.suspend(() => {
        const before = state
        state = "connected"
        // Another log has taken the place of the one that we know.
        if (newest !== undefined && newest.seq < last) last = 0
        return before === "away" ? output.say("t3: a server runs; going on with what it does.") : Effect.void
      }),
    last: () => last,
    show: (entry) =>
      Effect.map(show(entry), () => {
        last = entry.seq
      })
  }
  const broken = (fault: Refusal | StartError) =>
    Effect.suspend((): Effect.Effect<void, Refusal | StartError> => {
      const before = state
      // Only the next attempt tells whether the server went, or one connection to it.
      state = before === "connected" ? "lost" : "away"
      if (before === "connected") return Effect.void
      const failed = Effect.fail(fault)
      return before === "away" ? failed : Effect.zipRight(output.say(waiting[before]), failed)
    })
  return { broken, follower }
}

/** Goes on for ever, from attempt to attempt; ends only with what will not pass. */
export const keepOn = <R>(
  attempt: Attempt<R>,
  schedule: Schedule.Schedule<void>,
  start: number,
  show: Follower<R>["show"]
): Effect.Effect<never, Refusal | StartError, Output | R> =>
  Effect.flatMap(Output, (output) => {
    const { broken, follower } = make(output, start, show)
    return attempt(follower).pipe(
      Effect.catchIf(passes, broken),
      Effect.retry({ schedule, while: passes }),
      // A connection came about and broke off: a new round, with its shortest wait.
      Effect.zipRight(Effect.sleep(pause)),
      Effect.forever
    )
  })

/** Shows every entry after the number `start` (any `Refusal` or `StartError` that does not pass by itself). */
export const follow = <R>(where: Administer.Where, start: number, show: Follower<R>["show"]) =>
  Effect.gen(function*() {
    if (Option.isSome(where.env)) {
      return yield* keepOn((follower) => Effect.provide(live(follower), Administer.layer(where)), backoff, start, show)
    }
    const baseDir = yield* Settings.baseDir(where.baseDir)
    const LocalFollow = yield* Effect.promise(() => import("./LocalFollow.ts"))
    return yield* keepOn(LocalFollow.attempt(baseDir), spaced, start, show)
  })
