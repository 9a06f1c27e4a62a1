import { assert, layer } from "@effect/vitest"
import { DeviceId, SessionId } from "@t3/protocol/Ids"
import { Effect } from "effect"
import { SessionMemory } from "./SessionMemory.ts"
import type { SessionRow } from "./SessionRow.ts"

const row: SessionRow = {
  cookie_hash: null,
  created_at: 0,
  device_browser: null,
  device_id: DeviceId.make("000000000000"),
  device_kind: "unknown",
  device_label: "",
  device_os: null,
  ends_at: null,
  expired_at: null,
  expires_at: 1,
  first_used_at: null,
  id: SessionId.make("000000000000"),
  issued_by: "startup",
  issued_by_session: null,
  kind: "bearer",
  last_used_at: 0,
  pairing_id: null,
  revoked_at: null,
  role: "viewer",
  scopes: [],
  secret_hash: ""
}

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
