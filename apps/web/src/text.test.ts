import * as Errors from "@t3/protocol/Errors"
import { expect, it } from "vitest"
import * as Text from "./text.ts"

it("says a length of time in its largest unit that fits twice", () => {
  expect([2_592_000, 2_591_999, 129_600, 86_400, 300, 90, 0].map(Text.duration)).toEqual([
    "30 days",
    "30 days",
    "36 hours",
    "24 hours",
    "5 minutes",
    "90 seconds",
    "0 seconds"
  ])
})

const usual = [
  Errors.Conflict,
  Errors.HostNotAllowed,
  Errors.Invalid,
  Errors.OriginNotAllowed,
  Errors.PairingExpired,
  Errors.PairingRevoked,
  Errors.PairingUnknown,
  Errors.PairingUsed,
  Errors.SessionExpired,
  Errors.SessionRevoked,
  Errors.TooLarge,
  Errors.Unauthenticated,
  Errors.Unavailable,
  Errors.VersionMismatch
].map((Refusal) => new Refusal())

for (const { _tag, message } of [...usual, new Errors.RateLimited({ retryAfter: 9 })]) {
  it(`does not repeat what a server always says with ${_tag}`, () => {
    expect(Text.serverSays({ _tag, message })).toBeUndefined()
  })
}

it("repeats what a server says beyond that, as text", () => {
  expect(Text.serverSays({ _tag: "PairingUsed", message: "It was used by <b>iPhone</b> at 12:04." }))
    .toBe("The machine says: It was used by <b>iPhone</b> at 12:04.")
  expect(Text.serverSays({ _tag: "Unexpected", status: 502 })).toBe("It answered with HTTP status 502.")
})

it("names a right of the host's own", () => {
  expect(Text.right("terminal:open")).toBe("`terminal:open`")
})
