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

  it("shows times in UTC to the minute", () => {
    assert.strictEqual(Table.time(DateTime.unsafeMake("2026-01-31T12:05:59.999Z")), "2026-01-31 12:05Z")
  })
})
