import { assert, layer } from "@effect/vitest"
import { Effect, Redacted, TestClock } from "effect"
import { layerStores } from "../test/TestDatabase.ts"
import { PairingStore } from "./PairingStore.ts"
import { SessionStore } from "./SessionStore.ts"

const startup = { kind: "startup" } as const
const request = { label: "", role: "member", ttl: 300 } as const

layer(layerStores)("PairingStore", (it) => {
  it.effect("trades a token once for a session that works", () =>
    Effect.gen(function*() {
      const pairings = yield* PairingStore
      const sessions = yield* SessionStore
      const { token } = yield* pairings.issue(startup, request)
      const redeemed = yield* pairings.redeem({ device: { label: "phone" }, token })
      const session = yield* sessions.verify(redeemed.secrets)
      assert.strictEqual(session.id, redeemed.session.id)
      assert.deepStrictEqual(session.scopes.map(String), ["environment:read", "project:read", "project:write"])
      const again = yield* Effect.flip(pairings.redeem({ device: {}, token }))
      assert.strictEqual(again._tag, "PairingUsed")
    }))

  it.effect("tells expired, revoked and unknown apart", () =>
    Effect.gen(function*() {
      const pairings = yield* PairingStore
      const late = yield* pairings.issue(startup, request)
      yield* TestClock.adjust("5 minutes")
      assert.strictEqual((yield* Effect.flip(pairings.redeem({ device: {}, token: late.token })))._tag, "PairingExpired")
      const revoked = yield* pairings.issue(startup, request)
      yield* pairings.revoke(startup, revoked.pairing.id)
      assert.strictEqual(
        (yield* Effect.flip(pairings.redeem({ device: {}, token: revoked.token })))._tag,
        "PairingRevoked"
      )
      assert.strictEqual(
        (yield* Effect.flip(pairings.redeem({ device: {}, token: Redacted.make("000000000000") })))._tag,
        "PairingUnknown"
      )
    }))

  it.effect("gives a device that lost the answer its session again, with a fresh secret, until it was used", () =>
    Effect.gen(function*() {
      const pairings = yield* PairingStore
      const sessions = yield* SessionStore
      const { token } = yield* pairings.issue(startup, request)
      const exchange = { device: { label: "phone" }, idempotencyKey: Redacted.make("key-of-the-phone"), token }
      const first = yield* pairings.redeem(exchange)
      const second = yield* pairings.redeem(exchange)
      assert.strictEqual(second.session.id, first.session.id)
      assert.strictEqual((yield* Effect.flip(sessions.verify(first.secrets)))._tag, "Unauthenticated")
      yield* sessions.verify(second.secrets)
      assert.strictEqual((yield* Effect.flip(pairings.redeem(exchange)))._tag, "PairingUsed")
    }))

  it.effect("burns nothing when it refuses", () =>
    Effect.gen(function*() {
      const pairings = yield* PairingStore
      const { token } = yield* pairings.issue(startup, request)
      const refused = yield* Effect.flip(pairings.redeem({ device: {}, scopes: ["access:write"], token }))
      assert.strictEqual(refused._tag, "Invalid")
      yield* pairings.redeem({ device: {}, token })
    }))
})
