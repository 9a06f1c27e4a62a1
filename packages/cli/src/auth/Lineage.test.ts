/** Who let whom in. */
import { assert, describe, it } from "@effect/vitest"
import type { Session } from "@t3/protocol/Session"
import { letInBy, testSession } from "../../test/testSession.ts"
import * as Lineage from "./Lineage.ts"

const laptop = testSession("a", "laptop")
const phone = testSession("b", "phone", { ...letInBy("a"), state: "revoked" })
const tablet = testSession("c", "tablet", letInBy("b"))
const script = testSession("d", "script", letInBy("c"))
const stranger = testSession("e", "stranger")
// Newest first, as lists are: what came from a session stands before it.
const everyone = [script, stranger, tablet, phone, laptop]

const labels = (sessions: ReadonlyArray<Session>) => sessions.map(({ device }) => device.label)

describe("Lineage", () => {
  it("finds all that came from a session, also through one that has ended", () => {
    assert.sameMembers([...labels(Lineage.of(everyone, [laptop]))], ["laptop", "phone", "tablet", "script"])
    assert.sameMembers([...labels(Lineage.of(everyone, [tablet, stranger]))], ["tablet", "script", "stranger"])
    assert.deepStrictEqual(labels(Lineage.of(everyone, [script])), ["script"])
  })

  it("finds the children of a session even if another has gone from the list meanwhile", () => {
    const gone = testSession("f", "gone")
    assert.sameMembers([...labels(Lineage.of(everyone, [gone, laptop]))], ["laptop", "phone", "tablet", "script"])
  })

  it("leaves out what ends with another anyway", () => {
    assert.deepStrictEqual(labels(Lineage.heads(everyone, [script, laptop, stranger])), ["laptop", "stranger"])
    assert.deepStrictEqual(labels(Lineage.heads(everyone, [tablet])), ["tablet"])
  })
})
