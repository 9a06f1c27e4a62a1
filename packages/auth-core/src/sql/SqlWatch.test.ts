import * as SqlClient from "@effect/sql/SqlClient"
import { assert, describe } from "@effect/vitest"
import { Clock, DateTime, Effect, TestClock } from "effect"
import {
  as,
  everything,
  issueLink,
  issueSession,
  leap,
  pair,
  recorded,
  redeem,
  refusal,
  startup,
  test,
  verify
} from "../../test/Stores.ts"
import { connect } from "../../test/TestConnection.ts"
import { AccessLog } from "../AccessLog.ts"
import { PairingStore } from "../PairingStore.ts"
import { SessionStore } from "../SessionStore.ts"

/** When which ends were recorded, and of what. */
const ends = Effect.map(recorded, (entries) =>
  entries.filter((it) => it.event.endsWith(".expired")).map((it) => [
    DateTime.toEpochMillis(it.at),
    it.pairingId ?? it.sessionId,
    it.device?.id
  ]))

const sessionEnds = Effect.map(
  recorded,
  (entries) => entries.filter((it) => it.event === "session.expired").map((it) => it.sessionId)
)

const current = (id: Parameters<typeof as>[0]["id"]) => Effect.flatMap(SessionStore, (sessions) => sessions.current(id))

/** When the table lets a session end. */
const expiryOf = (id: string) =>
  Effect.flatMap(
    SqlClient.SqlClient,
    (sql) =>
      Effect.map(sql<{ readonly at: number }>`SELECT expires_at AS at FROM t3_sessions WHERE id = ${id}`, ([row]) =>
        row?.at)
  )

describe("An end that comes with time", () => {
  test("of a session ends the open links that it made, and no others", () =>
    Effect.gen(function*() {
      const { session } = yield* issueSession(startup, { role: "owner", ttl: 2 })
      const orphan = yield* issueLink(as(session))
      const other = yield* issueLink()
      yield* TestClock.adjust("3 seconds")
      assert.strictEqual(yield* refusal(redeem({ token: orphan.token })), "PairingRevoked")
      yield* redeem({ token: other.token })
    }))

  test("is recorded once, at its time: that of a link and that of a session", () =>
    Effect.gen(function*() {
      yield* TestClock.adjust("300 millis")
      const { pairing } = yield* issueLink(startup, { ttl: 1 })
      yield* TestClock.adjust("400 millis")
      const { session } = yield* issueSession(startup, { ttl: 2 })
      yield* TestClock.adjust("599 millis")
      assert.deepStrictEqual(yield* ends, [])
      yield* TestClock.adjust("1 millis")
      assert.deepStrictEqual(yield* ends, [[1300, pairing.id, undefined]])
      yield* TestClock.adjust("1 hour")
      assert.deepStrictEqual(yield* ends, [[1300, pairing.id, undefined], [2700, session.id, session.device.id]])
    }))

  test("ends what the session has open, there and then, and nothing of others", () =>
    Effect.gen(function*() {
      const { session, token } = yield* issueSession(startup, { ttl: 60 })
      const other = yield* pair()
      yield* verify(token)
      yield* verify(other.secrets)
      const socket = yield* connect(session.id)
      const request = yield* connect(session.id, false)
      const spared = yield* connect(other.session.id)
      yield* TestClock.adjust("59999 millis")
      assert.deepStrictEqual(socket.ended, [])
      yield* TestClock.adjust("1 millis")
      assert.deepStrictEqual([socket.ended, request.ended, spared.ended], [["SessionExpired"], ["SessionExpired"], []])
      assert.strictEqual(yield* refusal(current(session.id)), "SessionExpired")
    }))

  test("is noticed within a second where a machine was suspended for 40 days", () =>
    Effect.gen(function*() {
      const { secrets, session } = yield* pair()
      const link = yield* issueLink()
      yield* verify(secrets)
      const socket = yield* connect(session.id)
      yield* TestClock.setTime((yield* Clock.currentTimeMillis) + 40 * 86_400_000)
      yield* TestClock.adjust("1 second")
      assert.deepStrictEqual(socket.ended, ["SessionExpired"])
      assert.deepStrictEqual((yield* ends).map(([, id]) => id), [link.pairing.id, session.id])
    }))

  test("does not come for a session that was used meanwhile, though that is yet to be written", () =>
    Effect.gen(function*() {
      const sql = yield* SqlClient.SqlClient
      const { secrets, session } = yield* pair()
      yield* verify(secrets)
      const socket = yield* connect(session.id)
      yield* leap("20 days")
      yield* sql`PRAGMA query_only = ON`
      const { expiresAt } = yield* verify(secrets)
      yield* leap("1 minute")
      yield* sql`PRAGMA query_only = OFF`
      const log = yield* AccessLog
      const woken = log.writes()
      yield* leap("10 days")
      assert.deepStrictEqual([yield* sessionEnds, socket.ended], [[], []])
      // Now it is written; nobody is woken again and again for it.
      assert.strictEqual(yield* expiryOf(session.id), DateTime.toEpochMillis(expiresAt))
      assert.strictEqual(log.writes(), woken)
      yield* leap("20 days")
      assert.deepStrictEqual([yield* sessionEnds, socket.ended], [[session.id], ["SessionExpired"]])
    }))

  test("that could not be written down is, as soon as it can be", () =>
    Effect.gen(function*() {
      const sql = yield* SqlClient.SqlClient
      const { session, token } = yield* issueSession(startup, { ttl: 60 })
      yield* verify(token)
      const socket = yield* connect(session.id)
      yield* TestClock.adjust("59 seconds")
      yield* sql`PRAGMA query_only = ON`
      yield* TestClock.adjust("1 minute")
      assert.deepStrictEqual(yield* ends, [])
      assert.strictEqual(yield* refusal(verify(token)), "SessionExpired")
      yield* sql`PRAGMA query_only = OFF`
      yield* TestClock.adjust("1 second")
      assert.deepStrictEqual((yield* ends).map(([, id]) => id), [session.id])
      assert.deepStrictEqual(socket.ended, ["SessionExpired"])
    }))

  test("stays an end where the clock goes back", () =>
    Effect.gen(function*() {
      const pairings = yield* PairingStore
      const sessions = yield* SessionStore
      const link = yield* issueLink(startup, { ttl: 60 })
      const { session, token } = yield* issueSession(startup, { role: "owner", ttl: 60 })
      const owner = yield* issueSession(startup, { role: "owner" })
      yield* verify(token)
      yield* TestClock.adjust("1 minute")
      yield* TestClock.setTime(0)
      assert.strictEqual(yield* refusal(verify(token)), "SessionExpired")
      assert.strictEqual(yield* refusal(current(session.id)), "SessionExpired")
      assert.strictEqual(yield* refusal(connect(session.id)), "SessionExpired")
      assert.strictEqual(yield* refusal(issueLink(as(session))), "SessionExpired")
      assert.strictEqual(yield* refusal(sessions.rename(startup, session.id, "x")), "NotFound")
      assert.strictEqual(yield* refusal(redeem({ token: link.token })), "PairingExpired")
      assert.strictEqual(yield* refusal(pairings.revoke(startup, link.pairing.id)), "Conflict")
      assert.deepStrictEqual((yield* pairings.list({ all: false, limit: 9 })).items, [])
      assert.deepStrictEqual((yield* pairings.list(everything)).items.map((it) => it.state), ["expired"])
      assert.deepStrictEqual((yield* sessions.list({ all: false, limit: 9 })).items.map((it) => it.id), [
        owner.session.id
      ])
      assert.deepStrictEqual((yield* sessions.revokeOthers(owner.session.id)).sessions, [])
      assert.strictEqual((yield* ends).length, 2)
    }))
})
