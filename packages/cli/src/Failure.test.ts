/** The exit code of every failure, as scripts may rely on it. */
import { assert, describe, it } from "@effect/vitest"
import * as Errors from "@t3/protocol/Errors"
import * as StartError from "@t3/server/StartError"
import { Declined, exitCode, Reported } from "./Failure.ts"

const told = { hint: "Do something.", message: "Something happened." }

describe("exit codes", () => {
  it("tell a script what kind of failure it was", () => {
    const codes = [
      [new StartError.DatabaseRefused({ ...told, reason: "corrupt" }), 1],
      [new StartError.DatabaseRefused({ ...told, reason: "failed" }), 1],
      [new Declined(told), 1],
      [new Errors.Invalid(), 2],
      [new StartError.HostRefused(told), 2],
      [new StartError.FolderRefused(told), 2],
      [new StartError.DirectoryRefused({ ...told, reason: "not-a-directory" }), 2],
      [new Errors.NotFound(), 3],
      [new Errors.PairingExpired(), 4],
      [new Errors.PairingUsed(), 4],
      [new Errors.PairingRevoked(), 4],
      [new Errors.PairingUnknown(), 4],
      [new Errors.Unauthenticated(), 4],
      [new Errors.SessionExpired(), 4],
      [new Errors.SessionRevoked(), 4],
      [Errors.ScopeRequired.of("access:read"), 5],
      [new Errors.InsecureAddress(), 5],
      [new StartError.DirectoryRefused({ ...told, reason: "foreign" }), 5],
      [new StartError.DirectoryRefused({ ...told, reason: "writable" }), 5],
      [new StartError.DirectoryRefused({ ...told, reason: "read-only" }), 5],
      [new StartError.PortRefused({ ...told, reason: "forbidden" }), 5],
      [new Errors.Unreachable(), 6],
      [new Errors.RateLimited({ retryAfter: 1 }), 6],
      [new Errors.Unavailable(), 1],
      [new Errors.HostNotAllowed(), 6],
      [new Errors.Conflict(), 7],
      [new StartError.DirectoryHeld(told), 7],
      [new StartError.PortRefused({ ...told, reason: "taken" }), 7],
      [new Errors.VersionMismatch(), 8],
      [new StartError.DatabaseRefused({ ...told, reason: "newer" }), 8]
    ] as const
    for (const [failure, code] of codes) assert.strictEqual(exitCode(failure), code, failure._tag)
  })

  it("are those of the refusal where the command has told it itself", () => {
    assert.strictEqual(exitCode(new Reported({ refusal: new Errors.SessionRevoked() })), 4)
  })
})
