import * as SqlClient from "@effect/sql/SqlClient"
import { assert, describe } from "@effect/vitest"
import { SessionId } from "@t3/protocol/Ids"
import { DateTime, Duration, Effect, Redacted, TestClock } from "effect"
import {
  as,
  everything,
  issueLink,
  issueSession,
  leap,
  open,
  pair,
  refusal,
  rights,
  settle,
  startup,
  test,
  testOpen,
  verify
} from "../test/Stores.ts"
import { temporaryFile } from "../test/TestDatabase.ts"
import { PairingStore } from "./PairingStore.ts"
import { Secret } from "./Secret.ts"
import { SessionStore } from "./SessionStore.ts"

/** Rows that this connection has changed so far. */
const changes = Effect.gen(function*() {
  const sql = yield* SqlClient.SqlClient
  const [row] = yield* sql<{ readonly count: number }>`SELECT total_changes() AS count`
  return row?.count ?? 0
})

describe("A session", () => {
  test("that is used every few days lives for a year (design 9.3)", () =>
    Effect.gen(function*() {
      const { secrets, session } = yield* pair()
      for (let day = 0; day < 366; day += 6) {
        yield* leap("6 days")
        assert.strictEqual((yield* verify(secrets)).id, session.id)
      }
    }))

  test("lapses when it was not used for 30 days, and not a moment before", () =>
    Effect.gen(function*() {
      const { secrets } = yield* pair()
      yield* leap(Duration.subtract("30 days", "1 millis"))
      yield* verify(secrets)
      yield* leap(Duration.subtract("30 days", "1 millis"))
      yield* verify(secrets)
      yield* leap("30 days")
      assert.strictEqual(yield* refusal(verify(secrets)), "SessionExpired")
    }))

  test("ends at the end that its owner set, however much it is used", () =>
    Effect.gen(function*() {
      const { expiresIn, session, token } = yield* issueSession(startup, { ttl: 3600 })
      assert.strictEqual(expiresIn, 3600)
      for (let minute = 0; minute < 59; minute += 1) {
        yield* TestClock.adjust("1 minute")
        assert.deepStrictEqual((yield* verify(token)).expiresAt, session.expiresAt)
      }
      yield* TestClock.adjust("1 minute")
      assert.strictEqual(yield* refusal(verify(token)), "SessionExpired")
    }))

  test("with an end far off still lapses when it is not used", () =>
    Effect.gen(function*() {
      const { token } = yield* issueSession(startup, { ttl: 100 * 86_400 })
      yield* leap("29 days")
      yield* verify(token)
      yield* leap("30 days")
      assert.strictEqual(yield* refusal(verify(token)), "SessionExpired")
    }))

  test("is written at most every ten minutes, however much it is used", () =>
    Effect.gen(function*() {
      const { secrets } = yield* pair()
      yield* verify(secrets)
      yield* settle
      const before = yield* changes
      for (let use = 0; use < 599; use += 1) {
        yield* TestClock.adjust("1 second")
        yield* verify(secrets)
      }
      yield* settle
      assert.strictEqual((yield* changes) - before, 0)
      yield* TestClock.adjust("1 second")
      yield* verify(secrets)
      yield* verify(secrets)
      yield* settle
      assert.strictEqual((yield* changes) - before, 1)
      const [listed] = (yield* (yield* SessionStore).list(everything)).items
      assert.deepStrictEqual(listed?.lastUsedAt, yield* DateTime.now)
    }))

  test("once seen is checked without the database", () =>
    Effect.gen(function*() {
      const sql = yield* SqlClient.SqlClient
      const { secrets, session } = yield* pair()
      yield* verify(secrets)
      yield* settle
      yield* sql`ALTER TABLE t3_sessions RENAME TO t3_elsewhere`
      yield* leap("1 day")
      assert.strictEqual((yield* verify(secrets)).id, session.id)
      assert.strictEqual(yield* refusal(issueSession()), "Unavailable")
      assert.strictEqual((yield* verify(secrets)).id, session.id)
    }))

  test("is refused from memory at once when it is revoked", () =>
    Effect.gen(function*() {
      const sql = yield* SqlClient.SqlClient
      const { secrets, session } = yield* pair()
      yield* verify(secrets)
      const ended = yield* (yield* SessionStore).revoke(startup, session.id)
      assert.deepStrictEqual(ended.sessions, [session.id])
      yield* sql`ALTER TABLE t3_sessions RENAME TO t3_elsewhere`
      assert.strictEqual(yield* refusal(verify(secrets)), "SessionRevoked")
    }))

  test("is known by its secret alone: to a wrong one for a real id, all states look the same", () =>
    Effect.gen(function*() {
      const live = yield* issueSession()
      const revoked = yield* issueSession()
      const expired = yield* issueSession(startup, { ttl: 1 })
      yield* (yield* SessionStore).revoke(startup, revoked.session.id)
      yield* TestClock.adjust("1 second")
      const secret = yield* Effect.provide(Secret, Secret.layer)
      for (const id of [live.session.id, revoked.session.id, expired.session.id, "000000000000"]) {
        const refused = yield* Effect.flip(verify(yield* secret.sessionToken("bearer", id)))
        assert.deepStrictEqual(
          [refused._tag, refused.message],
          ["Unauthenticated", "No session on file has this credential."]
        )
      }
    }))

  test("is no other kind of session", () =>
    Effect.gen(function*() {
      const sessions = yield* SessionStore
      const { token } = yield* issueLink()
      const browser = (yield* (yield* PairingStore).redeemForBrowser({ device: {}, token })).secrets
      const bearer = (yield* pair()).secrets
      for (const wrong of [browser.cookie, browser.storage, Redacted.make(""), Redacted.make("t3s_"), token]) {
        assert.strictEqual(yield* refusal(sessions.verify(wrong)), "Unauthenticated")
      }
      for (const halves of [{ ...browser, cookie: bearer }, { ...browser, storage: bearer }]) {
        assert.strictEqual(yield* refusal(sessions.verifyBrowser(halves)), "Unauthenticated")
      }
    }))

  test("of a browser is an error of its own when its halves belong to two sessions", () =>
    Effect.gen(function*() {
      const sessions = yield* SessionStore
      const pairings = yield* PairingStore
      const one = yield* pairings.redeemForBrowser({ device: {}, token: (yield* issueLink()).token })
      const two = yield* pairings.redeemForBrowser({ device: {}, token: (yield* issueLink()).token })
      const mixed = { cookie: one.secrets.cookie, storage: two.secrets.storage }
      assert.strictEqual(yield* refusal(sessions.verifyBrowser(mixed)), "Conflict")
      yield* sessions.verifyBrowser(one.secrets)
      yield* sessions.verifyBrowser(two.secrets)
    }))

  test("gets a clean new label, and keeps a name when nothing of it is left", () =>
    Effect.gen(function*() {
      const sessions = yield* SessionStore
      const { secrets, session } = yield* pair({}, { device: { kind: "phone", label: "old" } })
      yield* verify(secrets)
      assert.strictEqual(
        (yield* sessions.rename(startup, session.id, "\u001b[31mnew\u202e\n name")).device.label,
        "new name"
      )
      assert.strictEqual((yield* verify(secrets)).device.label, "new name")
      assert.strictEqual(
        (yield* sessions.rename(startup, session.id, "\u001b[2J \u0007")).device.label,
        "unnamed phone"
      )
      assert.strictEqual((yield* sessions.list(everything)).items[0]?.device.label, "unnamed phone")
      assert.strictEqual(yield* refusal(sessions.rename(startup, SessionId.make("000000000000"), "x")), "NotFound")
      yield* sessions.revoke(startup, session.id)
      assert.strictEqual(yield* refusal(sessions.rename(startup, session.id, "x")), "NotFound")
      assert.strictEqual(yield* refusal(verify(secrets)), "SessionRevoked")
    }))
})

describe("A session that is issued without a link", () => {
  test("has at most the rights of who issues it", () =>
    Effect.gen(function*() {
      const owner = yield* issueSession(startup, { role: "owner", scopes: rights("access:write", "project:read") })
      assert.strictEqual(yield* refusal(issueSession(as(owner.session), { role: "viewer" })), "ScopeRequired")
      const given = yield* issueSession(as(owner.session), { role: "viewer", scopes: rights("project:read") })
      assert.deepStrictEqual((yield* verify(given.token)).scopes.map(String), ["project:read"])
      assert.strictEqual(yield* refusal(issueSession(as(given.session), { role: "member" })), "ScopeRequired")
      assert.deepStrictEqual(given.session.issuedBy, as(owner.session))
    }))
})

describe("The database file", () => {
  testOpen("brings sessions back when it is opened again, with their use and their end", () =>
    Effect.gen(function*() {
      const file = yield* temporaryFile
      const before = yield* open(file)
      const kept = yield* before.run(pair())
      const revoked = yield* before.run(pair())
      yield* before.sessions.verify(revoked.secrets)
      yield* before.sessions.revoke(startup, revoked.session.id)
      yield* leap("20 days")
      const used = yield* before.sessions.verify(kept.secrets)
      yield* before.close

      const after = yield* open(file)
      assert.deepStrictEqual(
        (yield* after.sessions.list({ all: false, limit: 50 })).items.map((it) => [it.id, it.lastUsedAt, it.expiresAt]),
        [[used.id, used.lastUsedAt, used.expiresAt]]
      )
      assert.strictEqual(yield* refusal(after.sessions.verify(revoked.secrets)), "SessionRevoked")
      yield* leap("20 days")
      assert.strictEqual((yield* after.sessions.verify(kept.secrets)).id, kept.session.id)
      yield* after.close
    }))

  testOpen("has every use that was made before it was closed, however late", () =>
    Effect.gen(function*() {
      const file = yield* temporaryFile
      const first = yield* open(file)
      const paired = yield* Effect.replicateEffect(first.run(pair()), 5)
      yield* first.close
      for (let steps = 0; steps < 10; steps += 1) {
        const stores = yield* Effect.withMaxOpsBeforeYield(open(file), 20)
        const before = yield* DateTime.now
        const { items } = yield* stores.sessions.list(everything)
        assert.isTrue(items.every((it) => DateTime.Equivalence(it.lastUsedAt, before)), `after ${steps} steps`)
        yield* TestClock.adjust("11 minutes")
        for (const { secrets } of paired) {
          yield* stores.sessions.verify(secrets)
          yield* Effect.repeatN(Effect.yieldNow(), steps)
        }
        yield* stores.close
      }
    }))
})
