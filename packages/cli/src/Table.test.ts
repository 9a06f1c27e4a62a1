/** Lists with names from anywhere. */
import { assert, describe, it } from "@effect/vitest"
import { DateTime } from "effect"
import * as Table from "./Table.ts"

describe("Table", () => {
  it("aligns columns, wide characters included", () => {
    assert.strictEqual(
      Table.render(["ID", "DEVICE", "ROLE"], [["a", "Pixel 9", "owner"], ["b", "電話", "viewer"], ["c", "", "member"]]),
      ["ID  DEVICE   ROLE", "a   Pixel 9  owner", "b   電話     viewer", "c   -        member"].join("\n")
    )
  })

  it("lets no name move the cursor, change colours or break a line (design 9.18)", () => {
    const table = Table.render(["DEVICE"], [["\u001b[2J\u001b]0;owned\u0007evil\nrow\u202e"]])
    assert.strictEqual(table, "DEVICE\nevil row")
  })

  it("shows how long ago and how soon in one unit, rounded so that nothing ends sooner than it says", () => {
    const now = DateTime.unsafeMake("2026-01-31T12:00:00Z")
    const relative = (at: string) => Table.relative(DateTime.unsafeMake(at), now)
    assert.deepStrictEqual(
      ["2026-01-31T12:00:00Z", "2026-01-31T11:59:01Z", "2026-01-31T11:58:59Z", "2026-01-31T10:01:00Z"].map(relative),
      ["now", "now", "1 min ago", "1 h ago"]
    )
    assert.deepStrictEqual(
      ["2026-01-31T12:00:01Z", "2026-01-31T12:59:59Z", "2026-02-01T11:00:00Z", "2026-03-02T11:59:50Z"].map(relative),
      ["in 1 min", "in 60 min", "in 23 h", "in 30 d"]
    )
  })

  it("shows times in UTC to the minute", () => {
    assert.strictEqual(Table.time(DateTime.unsafeMake("2026-01-31T12:05:59.999Z")), "2026-01-31 12:05Z")
  })
})
