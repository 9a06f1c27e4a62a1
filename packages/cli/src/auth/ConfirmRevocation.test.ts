/** When nobody can be asked. The question itself is asked on a real terminal in tooling/e2e. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { testOutput } from "../../test/testOutput.ts"
import { testSession } from "../../test/testSession.ts"
import * as ConfirmRevocation from "./ConfirmRevocation.ts"

const sessions = [testSession("a", "laptop"), testSession("b", "phone"), testSession("c", "tablet")]

describe("ConfirmRevocation", () => {
  it.effect("refuses where nobody can be asked, says why, and what to add", () =>
    Effect.gen(function*() {
      for (const unasked of ["no terminal is there to ask", "NO_COLOR is set, so nothing is asked"]) {
        const refusal = yield* Effect.flip(
          ConfirmRevocation.confirm(sessions, false).pipe(Effect.provide(testOutput({ unasked }).layer))
        )
        assert.strictEqual(refusal._tag, "Invalid")
        assert.strictEqual(refusal.message, `This needs a yes before 3 sessions may end, and ${unasked}.`)
        assert.include(refusal.hint, "--yes")
      }
    }))

  it.effect("asks nothing with --yes, and shows at most eight by name otherwise", () =>
    Effect.gen(function*() {
      yield* ConfirmRevocation.confirm(sessions, true).pipe(Effect.provide(testOutput().layer))
      assert.strictEqual(
        ConfirmRevocation.question([...sessions.slice(0, 1), testSession("b", "\u001b[2J", { current: true })]),
        "Revoke 2 sessions: laptop (aaaaaaaaaaaa), phone (bbbbbbbbbbbb, this one)?"
      )
      const many = Array.from({ length: 12 }, (_, index) => testSession("a", `device ${index}`))
      assert.match(ConfirmRevocation.question(many), /^Revoke 12 sessions: device 0 .*device 7 \(a+\) and 4 more\?$/)
      assert.notInclude(ConfirmRevocation.question(many), "device 8")
    }))
})
