/** Following through servers that come and go, as a person sees it. */
import { assert, describe, it } from "@effect/vitest"
import { type Refusal, ScopeRequired, SessionRevoked, Unavailable, Unreachable } from "@t3/protocol/Errors"
import { LogEntry } from "@t3/protocol/LogEntry"
import { DirectoryHeld } from "@t3/server/StartError"
import { Effect, Fiber, Schedule, Schema, TestClock } from "effect"
import { testOutput } from "../../test/testOutput.ts"
import type { Follower } from "./Follower.ts"
import { keepOn } from "./LogFollow.ts"

const entry = (seq: number) =>
  Schema.decodeSync(LogEntry)({ at: "2026-11-25T09:12:03.000Z", count: 1, event: "pairing.expired", seq })

type Step = (follower: Follower<never>) => Effect.Effect<void, Refusal | DirectoryHeld>

const down: Step = () => new Unreachable()

/** Connects, shows what it has after where the follower stands, and then breaks off. */
const serving = (numbers: ReadonlyArray<number>, end: Refusal = new Unreachable()): Step => (follower) =>
  Effect.gen(function*() {
    const newest = numbers.at(-1)
    yield* follower.connected(newest === undefined ? undefined : entry(newest))
    for (const seq of numbers.filter((seq) => seq > follower.last())) yield* follower.show(entry(seq))
    return yield* end
  })

const wait = Schedule.asVoid(Schedule.spaced("500 millis"))

/** Runs these attempts, one after the other; the last goes on. */
const follow = (start: number, ...steps: ReadonlyArray<Step>) =>
  Effect.gen(function*() {
    const shown: Array<number> = []
    const times: Array<number> = []
    const attempt: Step = (follower) =>
      Effect.suspend(() => {
        times.push(times.length)
        return (steps[times.length - 1] ?? steps.at(-1) ?? down)(follower)
      })
    const { layer, said } = testOutput()
    const fiber = yield* Effect.fork(
      keepOn(attempt, wait, start, ({ seq }) => Effect.sync(() => void shown.push(seq))).pipe(Effect.provide(layer))
    )
    return { fiber, said, shown, times }
  })

const away = "t3: the server went away; waiting for it."
const back = "t3: a server runs; going on with what it does."
const none = "t3: no server answers now; waiting for one."

describe("LogFollow", () => {
  it.effect("goes on after a restart with what came meanwhile, and says once that the server went and came", () =>
    Effect.gen(function*() {
      const { fiber, said, shown } = yield* follow(
        1,
        serving([1, 2, 3]),
        down,
        down,
        down,
        serving([1, 2, 3, 4, 5]),
        down,
        down,
        () => Effect.never
      )
      yield* TestClock.adjust("10 seconds")
      assert.deepStrictEqual(shown, [2, 3, 4, 5])
      assert.deepStrictEqual(said, [away, back, away])
      yield* Fiber.interrupt(fiber)
    }))

  it.effect("says nothing where only the connection broke, or the session was ended", () =>
    Effect.gen(function*() {
      const { fiber, said, shown } = yield* follow(
        0,
        serving([1]),
        serving([1, 2]),
        () => new SessionRevoked()
      )
      yield* TestClock.adjust("10 seconds")
      assert.strictEqual((yield* Effect.flip(Fiber.join(fiber)))._tag, "SessionRevoked")
      assert.deepStrictEqual(shown, [1, 2])
      assert.deepStrictEqual(said, [])
    }))

  it.effect("asks again every half second and no more often", () =>
    Effect.gen(function*() {
      const { fiber, said, times } = yield* follow(0, down)
      yield* TestClock.adjust("10 seconds")
      assert.deepStrictEqual(times.length, 21)
      assert.deepStrictEqual(said, [none])
      yield* Fiber.interrupt(fiber)
    }))

  it.effect("does not spin where a server takes every connection and ends it at once", () =>
    Effect.gen(function*() {
      const { fiber, times } = yield* follow(0, serving([]))
      yield* TestClock.adjust("10 seconds")
      assert.deepStrictEqual(times.length, 21)
      yield* Fiber.interrupt(fiber)
    }))

  it.effect("waits out what passes, and ends with what does not", () =>
    Effect.gen(function*() {
      const held = new DirectoryHeld({ hint: "Wait.", message: "Held." })
      const { fiber, shown } = yield* follow(
        0,
        serving([1], new Unavailable()),
        () => held,
        serving([1, 2], new SessionRevoked())
      )
      yield* TestClock.adjust("10 seconds")
      assert.strictEqual((yield* Effect.flip(Fiber.join(fiber)))._tag, "SessionRevoked")
      assert.deepStrictEqual(shown, [1, 2])
      const refused = yield* follow(0, () => ScopeRequired.of("access:read"))
      assert.strictEqual((yield* Effect.flip(Fiber.join(refused.fiber)))._tag, "ScopeRequired")
      assert.deepStrictEqual(refused.said, [])
    }))

  it.effect("begins anew where another log has taken the place of the one it knew", () =>
    Effect.gen(function*() {
      const { fiber, shown } = yield* follow(57, serving([1, 2]), () => Effect.never)
      yield* TestClock.adjust("1 second")
      assert.deepStrictEqual(shown, [1, 2])
      yield* Fiber.interrupt(fiber)
    }))
})
