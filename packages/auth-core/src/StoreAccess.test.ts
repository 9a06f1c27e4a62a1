import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { as, everything, issueSession, pair, refusal } from "../test/Stores.ts"
import { layerStores } from "../test/TestDatabase.ts"
import { Access } from "./Access.ts"
import { layerFor, StoreAccess } from "./StoreAccess.ts"

const layerAccess = Layer.provideMerge(StoreAccess.layer, layerStores)

describe("StoreAccess", () => {
  it.effect("marks the session that asks, and no other", () =>
    Effect.gen(function*() {
      const asActor = yield* StoreAccess
      const { session } = yield* pair({ role: "owner" })
      yield* pair()
      const marked = (yield* asActor(as(session)).listSessions(everything)).items.filter((it) => it.current)
      assert.deepStrictEqual(marked.map((it) => it.id), [session.id])
      assert.isTrue((yield* asActor(as(session)).renameSession(session.id, "mine")).current)
      assert.isTrue((yield* asActor({ kind: "cli" }).listSessions(everything)).items.every((it) => !it.current))
    }).pipe(Effect.provide(layerAccess)))

  it.effect("acts as whom it was made for", () =>
    Effect.gen(function*() {
      const asActor = yield* StoreAccess
      const { session } = yield* pair({ role: "owner" })
      const request = { label: "", role: "member", ttl: 300 } as const
      assert.deepStrictEqual((yield* asActor(as(session)).issuePairing(request)).pairing.issuedBy, as(session))
      assert.deepStrictEqual((yield* asActor({ kind: "cli" }).issuePairing(request)).pairing.issuedBy, { kind: "cli" })
    }).pipe(Effect.provide(layerAccess)))

  it.effect("revokes the others for a session, and refuses one that is none", () =>
    Effect.gen(function*() {
      const asActor = yield* StoreAccess
      const own = yield* pair({ role: "owner" })
      const other = yield* issueSession()
      assert.strictEqual(yield* refusal(asActor({ kind: "cli" }).revokeOtherSessions), "Invalid")
      const ended = yield* asActor(as(own.session)).revokeOtherSessions
      assert.deepStrictEqual(ended.sessions, [other.session.id])
    }).pipe(Effect.provide(layerAccess)))

  it.effect("is the facade of one actor, where only one is needed", () =>
    Effect.gen(function*() {
      const access = yield* Access
      const { session } = yield* access.issueSession({ device: { label: "script" }, role: "viewer" })
      assert.deepStrictEqual(session.issuedBy, { kind: "desktop" })
      assert.strictEqual((yield* access.revokeSession(session.id)).sessions[0], session.id)
    }).pipe(Effect.provide(Layer.provide(layerFor({ kind: "desktop" }), layerAccess))))
})
