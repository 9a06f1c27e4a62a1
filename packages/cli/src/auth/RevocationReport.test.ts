/** What a person reads after a revocation. */
import { assert, describe, it } from "@effect/vitest"
import { SessionId } from "@t3/protocol/Ids"
import { idOf, testSession } from "../../test/testSession.ts"
import * as RevocationReport from "./RevocationReport.ts"

const quiet = {
  connectionsClosed: 0,
  linksRevoked: 0,
  sessions: [SessionId.make(idOf("a"))],
  sessionsPairedFromThem: 0
}
const known = [testSession("a", "laptop"), testSession("b", "\u001b[2J")]

describe("RevocationReport", () => {
  it("says no more than what happened", () => {
    assert.deepStrictEqual(RevocationReport.lines(quiet, known), ["Revoked aaaaaaaaaaaa (laptop)."])
    assert.deepStrictEqual(RevocationReport.lines({ ...quiet, sessions: [] }, known), [])
  })

  it("counts what else ended, and what did not", () => {
    const all = { ...quiet, connectionsClosed: 2, linksRevoked: 1, sessionsPairedFromThem: 1 }
    assert.deepStrictEqual(RevocationReport.lines(all, known), [
      "Revoked aaaaaaaaaaaa (laptop).",
      "Closed 2 connections.",
      "Also revoked: 1 open link that it had made.",
      "Still signed in: 1 device paired from its links. See t3 auth session list"
    ])
  })

  it("names every session, by its kind where it has no name and by its id where nothing is known", () => {
    const sessions = ["a", "b", "c"].map((symbol) => SessionId.make(idOf(symbol)))
    assert.deepStrictEqual(
      RevocationReport.lines({ ...quiet, connectionsClosed: 1, linksRevoked: 2, sessions }, known),
      [
        "Revoked aaaaaaaaaaaa (laptop).",
        "Revoked bbbbbbbbbbbb (phone).",
        "Revoked cccccccccccc.",
        "Closed 1 connection.",
        "Also revoked: 2 open links that they had made."
      ]
    )
  })
})
