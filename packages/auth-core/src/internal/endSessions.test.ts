import * as SqlClient from "@effect/sql/SqlClient"
import { assert, describe } from "@effect/vitest"
import { SessionId } from "@t3/protocol/Ids"
import { Effect, Fiber, TestClock } from "effect"
import {
  as,
  everything,
  issueLink,
  issueSession,
  pair,
  redeem,
  refusal,
  startup,
  test,
  verify
} from "../../test/Stores.ts"
import { SessionStore } from "../SessionStore.ts"

describe("Revoking a session", () => {
  test("revokes the open links it made, and counts the sessions that were paired from others", () =>
    Effect.gen(function*() {
      const sessions = yield* SessionStore
      const owner = yield* pair({ role: "owner" })
      const bystander = yield* issueLink()
      const links = yield* Effect.replicateEffect(issueLink(as(owner.session)), 3)
      const expired = yield* issueLink(as(owner.session), { ttl: 1 })
      const child = yield* redeem({ token: (yield* issueLink(as(owner.session))).token })
      const ended = yield* redeem({ token: (yield* issueLink(as(owner.session))).token })
      yield* sessions.revoke(startup, ended.session.id)
      yield* TestClock.adjust("1 second")
      assert.deepStrictEqual(yield* sessions.revoke(startup, owner.session.id), {
        connectionsClosed: 0,
        linksRevoked: 3,
        sessions: [owner.session.id],
        sessionsPairedFromThem: 1
      })
      for (const { token } of links) assert.strictEqual(yield* refusal(redeem({ token })), "PairingRevoked")
      assert.strictEqual(yield* refusal(redeem({ token: expired.token })), "PairingExpired")
      yield* verify(child.secrets)
      yield* redeem({ token: bystander.token })
    }))

  test("that is not there, or has ended, changes nothing", () =>
    Effect.gen(function*() {
      const sessions = yield* SessionStore
      const { session } = yield* pair()
      yield* sessions.revoke(startup, session.id)
      assert.strictEqual(yield* refusal(sessions.revoke(startup, session.id)), "NotFound")
      assert.strictEqual(yield* refusal(sessions.revoke(startup, SessionId.make("000000000000"))), "NotFound")
    }))

  test("may be done by the session itself, once", () =>
    Effect.gen(function*() {
      const sessions = yield* SessionStore
      const { session } = yield* pair()
      yield* sessions.revoke(as(session), session.id)
      assert.strictEqual(yield* refusal(sessions.revoke(as(session), session.id)), "SessionRevoked")
    }))

  test("all others spares the one that asks, of more than a thousand", () =>
    Effect.gen(function*() {
      const sql = yield* SqlClient.SqlClient
      const sessions = yield* SessionStore
      yield* sql`PRAGMA synchronous = OFF`
      const own = yield* pair({ role: "owner" })
      const others = yield* Effect.replicateEffect(issueSession(), 1100)
      const link = yield* issueLink(as(own.session))
      const doomed = yield* issueSession(startup, { role: "owner" })
      const lost = yield* issueLink(as(doomed.session))
      for (const { token } of others.slice(0, 3)) yield* verify(token)
      const ended = yield* sessions.revokeOthers(own.session.id)
      assert.strictEqual(ended.sessions.length, 1101)
      assert.strictEqual(ended.linksRevoked, 1)
      assert.isFalse(ended.sessions.includes(own.session.id))
      for (const { token } of others) assert.strictEqual(yield* refusal(verify(token)), "SessionRevoked")
      assert.strictEqual(yield* refusal(redeem({ token: lost.token })), "PairingRevoked")
      yield* verify(own.secrets)
      yield* redeem({ token: link.token })
    }))

  test("all others is refused to a session that has ended", () =>
    Effect.gen(function*() {
      const sessions = yield* SessionStore
      const own = yield* pair({ role: "owner" })
      const other = yield* pair()
      yield* sessions.revoke(startup, own.session.id)
      assert.strictEqual(yield* refusal(sessions.revokeOthers(own.session.id)), "SessionRevoked")
      yield* verify(other.secrets)
    }))

  test("leaves memory and the database of one mind, wherever the caller goes away", () =>
    Effect.gen(function*() {
      const sessions = yield* SessionStore
      for (let steps = 0; steps < 40; steps += 1) {
        const { secrets, session } = yield* pair()
        yield* verify(secrets)
        const caller = yield* Effect.fork(sessions.revoke(startup, session.id)).pipe(Effect.withMaxOpsBeforeYield(20))
        yield* Effect.repeatN(Effect.yieldNow(), steps)
        yield* Fiber.interrupt(caller)
        const listed = (yield* sessions.list(everything)).items.find((it) => it.id === session.id)
        const checked = yield* Effect.either(verify(secrets))
        assert.strictEqual(checked._tag === "Right", listed?.state === "live", `after ${steps} steps`)
      }
    }))
})
