import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import { sessionRow } from "../../test/Rows.ts"
import { SessionMemory } from "./SessionMemory.ts"

const row = sessionRow()

layer(SessionMemory.layer)("SessionMemory", (it) => {
  it.effect("lets a change override what was known, and a look-up not", () =>
    Effect.map(SessionMemory, (memory) => {
      const renamed = { ...row, device_label: "renamed" }
      assert.strictEqual(memory.remember(row), row)
      memory.set(renamed)
      assert.strictEqual(memory.remember(row), renamed)
      assert.strictEqual(memory.get(row.id), renamed)
    }))

  it.effect("keeps an end, whatever arrives late (design 9.11)", () =>
    Effect.map(SessionMemory, (memory) => {
      memory.set({ ...row, revoked_at: 1 })
      memory.set({ ...row, first_used_at: 1 })
      assert.strictEqual(memory.remember(row).revoked_at, 1)
      assert.strictEqual(memory.get(row.id)?.revoked_at, 1)
    }))
})
