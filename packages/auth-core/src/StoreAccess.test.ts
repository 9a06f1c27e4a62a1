import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Stream } from "effect"
import { as, everything, issueSession, pair, refusal, verify } from "../test/Stores.ts"
import { connect } from "../test/TestConnection.ts"
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

  it.effect("says how many connections each session has, also in the answer to a new name", () =>
    Effect.gen(function*() {
      const asActor = yield* StoreAccess
      const one = yield* pair()
      const two = yield* pair()
      yield* verify(one.secrets)
      yield* connect(one.session.id)
      yield* connect(one.session.id)
      yield* connect(one.session.id, false)
      const { items } = yield* asActor({ kind: "cli" }).listSessions(everything)
      assert.sameDeepMembers(items.map((it) => [it.id, it.connections]), [[one.session.id, 2], [two.session.id, 0]])
      assert.strictEqual((yield* asActor({ kind: "cli" }).renameSession(one.session.id, "x")).connections, 2)
      assert.strictEqual((yield* asActor({ kind: "cli" }).revokeSession(one.session.id)).connectionsClosed, 2)
    }).pipe(Effect.provide(layerAccess)))

  it.effect("ends what came from a session where it is asked to, and not else", () =>
    Effect.gen(function*() {
      const access = (yield* StoreAccess)({ kind: "cli" })
      const root = yield* pair({ role: "owner" })
      const branch = yield* pair({ role: "owner" }, {}, as(root.session))
      const leaf = yield* pair({}, {}, as(branch.session))
      assert.deepStrictEqual((yield* access.revokeSession(root.session.id)).sessions, [root.session.id])
      const { sessions } = yield* access.revokeSession(branch.session.id, { withIssued: true })
      assert.sameMembers([...sessions], [branch.session.id, leaf.session.id])
    }).pipe(Effect.provide(layerAccess)))

  it.effect("reads the log, and follows it", () =>
    Effect.gen(function*() {
      const access = (yield* StoreAccess)({ kind: "cli" })
      yield* pair()
      const { items } = yield* access.readLog({ after: 0, limit: 50 })
      assert.deepStrictEqual(items.map((it) => it.event), ["pairing.issued", "pairing.redeemed"])
      const heard = yield* Stream.runCollect(Stream.take(access.followLog(1), 1))
      assert.deepStrictEqual(Array.from(heard, (it) => it.event), ["pairing.redeemed"])
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
