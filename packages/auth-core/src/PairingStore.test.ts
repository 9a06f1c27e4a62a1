import { assert, describe } from "@effect/vitest"
import { PairingId } from "@t3/protocol/Ids"
import type { Role } from "@t3/protocol/Scope"
import { Effect, Redacted, TestClock } from "effect"
import {
  as,
  everything,
  issueLink,
  issueSession,
  pair,
  redeem,
  refusal,
  rights,
  startup,
  test,
  verify
} from "../test/Stores.ts"
import { PairingStore } from "./PairingStore.ts"
import { SessionStore } from "./SessionStore.ts"

const scopesOf: Record<Role, ReadonlyArray<string>> = {
  viewer: ["environment:read", "project:read"],
  member: ["environment:read", "project:read", "project:write"],
  owner: ["environment:read", "project:read", "project:write", "access:read", "access:write"]
}

describe("PairingStore", () => {
  test("trades a token once for a session that works", () =>
    Effect.gen(function*() {
      const { pairing, token } = yield* issueLink()
      const redeemed = yield* redeem({ device: { kind: "phone", label: "Léa’s phone" }, token })
      assert.strictEqual(redeemed.expiresIn, 30 * 86_400)
      const session = yield* verify(redeemed.secrets)
      assert.strictEqual(session.id, redeemed.session.id)
      assert.strictEqual(session.pairingId, pairing.id)
      assert.deepStrictEqual([session.device.kind, session.device.label], ["phone", "Léa’s phone"])
      assert.strictEqual(yield* refusal(redeem({ token })), "PairingUsed")
      const [listed] = (yield* (yield* PairingStore).list(everything)).items
      assert.deepStrictEqual([listed?.state, listed?.usedBy], ["used", session.id])
    }))

  for (const role of ["viewer", "member", "owner"] as const) {
    test(`gives a ${role} the scopes of a ${role}`, () =>
      Effect.gen(function*() {
        const { pairing, token } = yield* issueLink(startup, { role })
        assert.deepStrictEqual([pairing.role, pairing.scopes.map(String)], [role, scopesOf[role]])
        const { session } = yield* redeem({ token })
        assert.deepStrictEqual([session.role, session.scopes.map(String)], [role, scopesOf[role]])
      }))
  }

  test("gives a device no more than it asks for, and ignores names it does not know", () =>
    Effect.gen(function*() {
      const { token } = yield* issueLink(startup, { role: "owner" })
      const { session } = yield* redeem({ scopes: ["project:read", "coffee:make", "no scope at all", ""], token })
      assert.deepStrictEqual(session.scopes.map(String), ["project:read"])
    }))

  test("never gives a device what its link lacks, whatever it asks for", () =>
    Effect.gen(function*() {
      const { token } = yield* issueLink(startup, { role: "member", scopes: rights("project:read", "project:write") })
      const { session } = yield* redeem({ scopes: ["environment:read", "project:read", "access:write"], token })
      assert.deepStrictEqual(session.scopes.map(String), ["project:read"])
    }))

  test("burns nothing when it refuses an exchange for its scopes (design 9.6)", () =>
    Effect.gen(function*() {
      const { token } = yield* issueLink()
      assert.strictEqual(yield* refusal(redeem({ scopes: ["access:write"], token })), "Invalid")
      assert.strictEqual(yield* refusal(redeem({ scopes: [], token })), "Invalid")
      yield* redeem({ token })
    }))

  test("says why a link ended, even where the scopes were wrong too", () =>
    Effect.gen(function*() {
      const { token } = yield* issueLink()
      yield* TestClock.adjust("5 minutes")
      assert.strictEqual(yield* refusal(redeem({ scopes: ["access:write"], token })), "PairingExpired")
    }))

  test("tells expired, used, revoked and unknown apart (design 9.4)", () =>
    Effect.gen(function*() {
      const pairings = yield* PairingStore
      const late = yield* issueLink(startup, { ttl: 60 })
      yield* TestClock.adjust("59999 millis")
      const revoked = yield* issueLink()
      yield* pairings.revoke(startup, revoked.pairing.id)
      const used = yield* issueLink()
      yield* redeem({ token: used.token })
      yield* TestClock.adjust("1 millis")
      assert.strictEqual(yield* refusal(redeem({ token: late.token })), "PairingExpired")
      assert.strictEqual(yield* refusal(redeem({ token: revoked.token })), "PairingRevoked")
      assert.strictEqual(yield* refusal(redeem({ token: used.token })), "PairingUsed")
      assert.strictEqual(yield* refusal(redeem({ token: Redacted.make("000000000000") })), "PairingUnknown")
      const sessions = (yield* (yield* SessionStore).list(everything)).items
      assert.deepStrictEqual(sessions.map((it) => it.pairingId), [used.pairing.id])
    }))

  test("takes a token until the last moment of its time", () =>
    Effect.gen(function*() {
      const { token } = yield* issueLink(startup, { ttl: 60 })
      yield* TestClock.adjust("59999 millis")
      yield* redeem({ token })
    }))

  test("gives a browser two halves, neither of which works alone", () =>
    Effect.gen(function*() {
      const pairings = yield* PairingStore
      const sessions = yield* SessionStore
      const { token } = yield* issueLink()
      const { secrets, session } = yield* pairings.redeemForBrowser({ device: { kind: "browser" }, token })
      assert.strictEqual(session.kind, "browser")
      assert.strictEqual((yield* sessions.verifyBrowser(secrets)).id, session.id)
      const { cookie, storage } = secrets
      for (
        const halves of [{ cookie, storage: cookie }, { cookie: storage, storage }, {
          cookie: storage,
          storage: cookie
        }]
      ) {
        assert.strictEqual(yield* refusal(sessions.verifyBrowser(halves)), "Unauthenticated")
      }
      for (const half of [cookie, storage]) {
        assert.strictEqual(yield* refusal(sessions.verify(half)), "Unauthenticated")
      }
    }))

  test("revokes an open link once, and says what a link that is not open is", () =>
    Effect.gen(function*() {
      const pairings = yield* PairingStore
      const open = yield* issueLink()
      const used = yield* issueLink()
      yield* redeem({ token: used.token })
      assert.strictEqual((yield* pairings.revoke(startup, open.pairing.id)).state, "revoked")
      const again = yield* Effect.flip(pairings.revoke(startup, open.pairing.id))
      assert.deepStrictEqual([again._tag, again.message], [
        "Conflict",
        `The link ${open.pairing.id} is revoked already.`
      ])
      assert.strictEqual(yield* refusal(pairings.revoke(startup, used.pairing.id)), "Conflict")
      assert.strictEqual(yield* refusal(pairings.revoke(startup, PairingId.make("000000000000"))), "NotFound")
      yield* TestClock.adjust("5 minutes")
      assert.deepStrictEqual((yield* pairings.list({ all: false, limit: 50 })).items, [])
      assert.strictEqual((yield* pairings.list(everything)).items.length, 2)
    }))

  test("stores a label that can be printed", () =>
    Effect.gen(function*() {
      const { pairing } = yield* issueLink(startup, { label: "\u001b[31mred\u202e \0 \u200bphone" })
      assert.strictEqual(pairing.label, "red phone")
      assert.strictEqual((yield* (yield* PairingStore).list(everything)).items[0]?.label, "red phone")
    }))

  test("stores what a device says of itself so that it can be printed (design 9.18)", () =>
    Effect.gen(function*() {
      const { session } = yield* pair({}, {
        device: { browser: "\u001b]0;x\u0007Fire\nfox", label: "\u001b[2J", os: "\u202eLinux" }
      })
      assert.deepStrictEqual(
        [session.device.label, session.device.os, session.device.browser],
        ["unnamed unknown", "Linux", "Fire fox"]
      )
    }))
})

describe("PairingStore, for a session that issues", () => {
  test("gives no role above its own", () =>
    Effect.gen(function*() {
      const { session } = yield* pair({ role: "member" })
      const refused = yield* Effect.flip(issueLink(as(session), { role: "owner" }))
      assert.strictEqual(refused._tag === "ScopeRequired" ? refused.required : refused._tag, "access:read")
      // Not even with nothing but scopes that it has.
      assert.strictEqual(
        yield* refusal(issueLink(as(session), { role: "owner", scopes: rights("project:read") })),
        "ScopeRequired"
      )
      assert.strictEqual((yield* issueLink(as(session), { role: "viewer" })).pairing.role, "viewer")
    }))

  test("gives no scope that it did not take itself", () =>
    Effect.gen(function*() {
      const { session } = yield* pair({ role: "owner" }, { scopes: ["access:write", "project:read"] })
      assert.strictEqual(yield* refusal(issueLink(as(session), { role: "member" })), "ScopeRequired")
      const { pairing, token } = yield* issueLink(as(session), {
        role: "owner",
        scopes: rights("project:read", "access:write")
      })
      assert.deepStrictEqual(pairing.issuedBy, as(session))
      const next = yield* redeem({ scopes: ["project:read", "project:write"], token })
      assert.deepStrictEqual(next.session.scopes.map(String), ["project:read"])
    }))

  test("gives no scope outside the role, and ignores scopes that nobody has", () =>
    Effect.gen(function*() {
      assert.strictEqual(
        yield* refusal(issueLink(startup, { role: "viewer", scopes: rights("project:write") })),
        "Invalid"
      )
      assert.strictEqual(yield* refusal(issueLink(startup, { scopes: rights("coffee:make") })), "Invalid")
      assert.strictEqual(yield* refusal(issueLink(startup, { scopes: [] })), "Invalid")
      const { pairing } = yield* issueLink(startup, { scopes: rights("coffee:make", "project:read") })
      assert.deepStrictEqual(pairing.scopes.map(String), ["project:read"])
      assert.strictEqual((yield* (yield* PairingStore).list(everything)).items.length, 1)
    }))

  test("does nothing for a session that was revoked, has expired or never was", () =>
    Effect.gen(function*() {
      const pairings = yield* PairingStore
      const { pairing } = yield* issueLink()
      const { session } = yield* issueSession(startup, { role: "owner" })
      const short = yield* issueSession(startup, { role: "owner", ttl: 1 })
      yield* (yield* SessionStore).revoke(startup, session.id)
      yield* TestClock.adjust("1 second")
      const unknown = as({
        id: yield* Effect.succeed(session.id).pipe(Effect.map(() => "000000000000" as typeof session.id))
      })
      for (
        const [actor, tag] of [[as(session), "SessionRevoked"], [as(short.session), "SessionExpired"], [
          unknown,
          "Unauthenticated"
        ]] as const
      ) {
        assert.strictEqual(yield* refusal(issueLink(actor, { role: "viewer" })), tag)
        assert.strictEqual(yield* refusal(issueSession(actor, { role: "viewer" })), tag)
        assert.strictEqual(yield* refusal(pairings.revoke(actor, pairing.id)), tag)
      }
      assert.strictEqual((yield* pairings.list(everything)).items.length, 1)
    }))
})
