/** Durations as people type them. */
import { assert, describe, it } from "@effect/vitest"
import { Either } from "effect"
import * as Ttl from "./Ttl.ts"

const day = 86_400
const seconds = (text: string) => Either.getOrThrow(Ttl.parse("--ttl", text, day))
const refusal = (text: string) => {
  const { hint, message } = Either.getOrThrow(Either.flip(Ttl.parse("--ttl", text, day)))
  return `${message} ${hint}`
}

describe("Ttl", () => {
  it("reads short and long spellings", () => {
    for (
      const [text, expected] of [
        ["90s", 90],
        ["5m", 300],
        ["5 min", 300],
        ["5 minutes", 300],
        ["1h30m", 5400],
        [" 1 hour 30 minutes ", 5400],
        ["1D", day],
        ["24h", day]
      ] as const
    ) {
      assert.strictEqual(seconds(text), expected, text)
    }
  })

  it("refuses what is no duration, naming it and how to write one", () => {
    for (const text of ["", "5", "m", "5x", "five minutes", "1e3s", "5m!", "0x5m", "1.5h", "5m\u001b[31m", "5-m"]) {
      assert.include(refusal(text), "is no duration. Write it like 90s, 5m, 1h30m or 7d.", text)
    }
    assert.notInclude(refusal("5m\u001b[31m!"), "\u001b")
  })

  it("refuses nothing at all, less than nothing, and more than the limit", () => {
    assert.strictEqual(refusal("0s"), "--ttl \"0s\" is too short. 1 second to 24 hours.")
    assert.strictEqual(refusal("-5m"), "--ttl \"-5m\" is too short. 1 second to 24 hours.")
    assert.strictEqual(refusal("24h1s"), "--ttl \"24h1s\" is too long. 1 second to 24 hours.")
    assert.include(refusal("99999999999999999999d"), "too long")
  })

  it("says a duration in at most two units", () => {
    assert.deepStrictEqual([300, 90, 5400, 30 * day, day + 61, 0].map(Ttl.format), [
      "5 min",
      "1 min 30 s",
      "1 h 30 min",
      "30 d",
      "1 d 1 min",
      "0 s"
    ])
  })
})
