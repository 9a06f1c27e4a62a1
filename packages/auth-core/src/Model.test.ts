/** Whatever is done in whatever order, nobody holds or gives more than they were given, and nothing ended comes back. */
import { assert, describe, it } from "@effect/vitest"
import { Clock, Effect } from "effect"
import { act, redeemAll } from "../test/Acts.ts"
import { steps } from "../test/Operations.ts"
import { timed } from "../test/Stores.ts"
import { temporaryFile } from "../test/TestDatabase.ts"
import { checkAll, checkSockets, makeWorld, met, use } from "../test/World.ts"

const histories = Number(process.env["T3_TEST_ROUNDS"] ?? 75)

describe("Links and sessions", () => {
  it.effect.prop(
    `never give a right that was not held, and never come back, in any of ${histories} histories`,
    [steps],
    ([steps]) =>
      Effect.gen(function*() {
        const world = yield* makeWorld(yield* temporaryFile)
        for (const { asks, operation } of steps) {
          yield* act(world, operation)
          yield* checkSockets(world)
          if (asks !== undefined) yield* use(world, asks, yield* Clock.currentTimeMillis)
        }
        yield* checkAll(world)
        yield* redeemAll(world)
        yield* world.stores.close
      }).pipe(Effect.scoped, timed),
    { fastCheck: { numRuns: histories }, timeout: 60_000 + histories * 1000 }
  )

  it.runIf(histories >= 50)("met all that can happen to them", () => {
    const all = [
      "repeated",
      "replaced",
      "tree",
      "others",
      "edit: rights",
      "closed: SessionExpired",
      "closed: SessionRevoked"
    ]
    for (const what of all) assert.isAbove(met.get(what) ?? 0, 0, what)
  })
})
