/** Whatever is done in whatever order, nobody holds or gives more than they were given, and nothing ended comes back. */
import { describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { makeRun } from "../test/Model.ts"
import { operations } from "../test/Operations.ts"
import { timed } from "../test/Stores.ts"
import { temporaryFile } from "../test/TestDatabase.ts"

describe("Links and sessions", () => {
  it.effect.prop(
    "never give a right that was not held, and never come back, in any sequence of operations",
    [operations],
    ([operations]) =>
      Effect.gen(function*() {
        const { settle, step } = yield* makeRun(yield* temporaryFile)
        yield* Effect.forEach(operations, step, { discard: true })
        yield* settle
      }).pipe(Effect.scoped, timed),
    { fastCheck: { numRuns: 60 }, timeout: 60_000 }
  )
})
