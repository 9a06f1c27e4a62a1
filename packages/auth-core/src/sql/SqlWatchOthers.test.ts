import * as SqlClient from "@effect/sql/SqlClient"
import { assert, describe } from "@effect/vitest"
import { Clock, Effect, TestClock } from "effect"
import { withOther } from "../../test/Other.ts"
import {
  everything,
  issueSession,
  leap,
  pair,
  recorded,
  refusal,
  startup,
  testOpen,
  verify
} from "../../test/Stores.ts"
import { connect } from "../../test/TestConnection.ts"
import { AccessLog } from "../AccessLog.ts"

/** A device that is in memory and has a socket open. */
const paired = Effect.gen(function*() {
  const { secrets, session } = yield* pair()
  yield* verify(secrets)
  return { secrets, session, socket: yield* connect(session.id) }
})

/** How sessions were ended, and for what reason, as the log has it. */
const revocations = Effect.map(
  recorded,
  (entries) =>
    entries.filter((it) => it.event === "session.revoked").map((it) => [it.sessionId, it.actor?.kind, it.reason])
)

const dataVersion = Effect.flatMap(
  SqlClient.SqlClient,
  (sql) => Effect.map(sql<{ readonly data_version: number }>`PRAGMA data_version`, ([row]) => row?.data_version)
)

describe("PRAGMA data_version", () => {
  testOpen("stands still while we write, and moves when another connection does", () =>
    Effect.gen(function*() {
      const { other, ours } = yield* withOther
      const { session } = yield* ours.run(pair())
      const before = yield* ours.run(dataVersion)
      yield* ours.run(Effect.replicateEffect(pair(), 3))
      yield* ours.sessions.revoke(startup, session.id)
      assert.strictEqual(yield* ours.run(dataVersion), before)
      yield* other.edit(session.id, "device_label", "x")
      const after = yield* ours.run(dataVersion)
      assert.notStrictEqual(after, before)
      yield* ours.run(pair())
      assert.strictEqual(yield* ours.run(dataVersion), after)
      yield* other.sql`SELECT * FROM t3_sessions`
      assert.strictEqual(yield* ours.run(dataVersion), after)
    }))
})

describe("What somebody else does to the database", () => {
  testOpen(
    "to revoke a session is so here within a second, ends what it has open, and is recorded",
    () =>
      Effect.gen(function*() {
        const { other, ours } = yield* withOther
        const gone = yield* ours.run(paired)
        const spared = yield* ours.run(paired)
        yield* TestClock.adjust("500 millis")
        yield* other.edit(gone.session.id, "revoked_at", 500)
        yield* TestClock.adjust("1 second")
        assert.strictEqual(yield* refusal(ours.sessions.verify(gone.secrets)), "SessionRevoked")
        assert.deepStrictEqual([gone.socket.ended, spared.socket.ended], [["SessionRevoked"], []])
        yield* ours.sessions.verify(spared.secrets)
        assert.deepStrictEqual(yield* ours.run(revocations), [[gone.session.id, undefined, "database"]])
        const entry = (yield* ours.run(recorded)).at(-1)
        assert.deepStrictEqual(entry?.device, { id: gone.session.device.id, kind: "unknown", label: "unnamed unknown" })
      })
  )

  testOpen("to remove a session is the same", () =>
    Effect.gen(function*() {
      const { other, ours } = yield* withOther
      const gone = yield* ours.run(paired)
      yield* other.remove(gone.session.id)
      yield* TestClock.adjust("1 second")
      assert.strictEqual(yield* refusal(ours.sessions.verify(gone.secrets)), "SessionRevoked")
      assert.deepStrictEqual(gone.socket.ended, ["SessionRevoked"])
      assert.deepStrictEqual(yield* ours.run(revocations), [[gone.session.id, undefined, "database"]])
      yield* TestClock.adjust("1 minute")
      assert.strictEqual((yield* ours.run(revocations)).length, 1)
    }))

  testOpen(
    "to the rights of a session holds within a second; its connections are to come again",
    () =>
      Effect.gen(function*() {
        const { other, ours } = yield* withOther
        const one = yield* ours.run(paired)
        const two = yield* ours.run(paired)
        const three = yield* ours.run(paired)
        yield* other.edit(one.session.id, "scopes", `["project:read"]`)
        yield* other.edit(two.session.id, "role", "viewer")
        yield* other.edit(three.session.id, "device_label", "renamed by hand")
        yield* TestClock.adjust("1 second")
        assert.deepStrictEqual((yield* ours.sessions.verify(one.secrets)).scopes.map(String), ["project:read"])
        assert.strictEqual((yield* ours.sessions.verify(two.secrets)).role, "viewer")
        assert.strictEqual((yield* ours.sessions.verify(three.secrets)).device.label, "renamed by hand")
        assert.deepStrictEqual([one, two, three].map((it) => it.socket.ended), [["Unavailable"], ["Unavailable"], []])
        assert.deepStrictEqual(yield* ours.run(revocations), [])
        yield* ours.run(connect(one.session.id))
      })
  )

  testOpen(
    "to the end of a session holds: one brought forward has come, one put off has not",
    () =>
      Effect.gen(function*() {
        const { other, ours } = yield* withOther
        const over = yield* ours.run(paired)
        const longer = yield* ours.run(issueSession(startup, { ttl: 60 }))
        yield* ours.sessions.verify(longer.token)
        yield* TestClock.adjust("30 seconds")
        const now = yield* Clock.currentTimeMillis
        yield* other.edit(over.session.id, "expires_at", now)
        yield* other.edit(longer.session.id, "expires_at", now + 90_000)
        yield* TestClock.adjust("1 second")
        assert.strictEqual(yield* refusal(ours.sessions.verify(over.secrets)), "SessionExpired")
        assert.deepStrictEqual(over.socket.ended, ["SessionExpired"])
        yield* TestClock.adjust("60 seconds")
        yield* ours.sessions.verify(longer.token)
        yield* TestClock.adjust("30 seconds")
        assert.strictEqual(yield* refusal(ours.sessions.verify(longer.token)), "SessionExpired")
        const ended = (yield* ours.run(recorded)).filter((it) => it.event === "session.expired")
        assert.deepStrictEqual(ended.map((it) => it.sessionId), [over.session.id, longer.session.id])
      })
  )

  testOpen(
    "to the end of a session does not outweigh the absolute end that its owner set",
    () =>
      Effect.gen(function*() {
        const { other, ours } = yield* withOther
        const { session, token } = yield* ours.run(issueSession(startup, { ttl: 60 }))
        yield* ours.sessions.verify(token)
        const socket = yield* ours.run(connect(session.id))
        yield* TestClock.adjust("1 second")
        yield* other.edit(session.id, "expires_at", 86_400_000)
        yield* TestClock.adjust("1 hour")
        assert.strictEqual(yield* refusal(ours.sessions.verify(token)), "SessionExpired")
        assert.strictEqual(yield* refusal(ours.sessions.current(session.id)), "SessionExpired")
        yield* TestClock.adjust("1 second")
        assert.deepStrictEqual(socket.ended, ["SessionExpired"])
      })
  )

  testOpen("brings nothing back that has ended here", () =>
    Effect.gen(function*() {
      const { other, ours } = yield* withOther
      const revoked = yield* ours.run(paired)
      const expired = yield* ours.run(issueSession(startup, { ttl: 1 }))
      yield* ours.sessions.verify(expired.token)
      yield* ours.sessions.revoke(startup, revoked.session.id)
      yield* TestClock.adjust("1 second")
      yield* other.edit(revoked.session.id, "revoked_at", null)
      yield* other.edit(expired.session.id, "expires_at", 1e12)
      yield* TestClock.adjust("1 second")
      assert.strictEqual(yield* refusal(ours.sessions.verify(revoked.secrets)), "SessionRevoked")
      assert.strictEqual(yield* refusal(ours.sessions.verify(expired.token)), "SessionExpired")
    }))

  testOpen(
    "while a lasting lock of theirs keeps us from writing is not missed: what is open ends, the rest follows",
    () =>
      Effect.gen(function*() {
        const { other, ours } = yield* withOther
        const gone = yield* ours.run(paired)
        const changed = yield* ours.run(paired)
        yield* other.edit(gone.session.id, "revoked_at", 0)
        yield* other.edit(changed.session.id, "scopes", `["project:read"]`)
        yield* other.sql`BEGIN IMMEDIATE`
        yield* TestClock.adjust("1 second")
        assert.strictEqual(yield* refusal(ours.sessions.verify(gone.secrets)), "SessionRevoked")
        assert.deepStrictEqual([gone.socket.ended, changed.socket.ended], [["SessionRevoked"], ["Unavailable"]])
        yield* TestClock.adjust("10 seconds")
        assert.deepStrictEqual(yield* ours.run(revocations), [])
        yield* other.sql`ROLLBACK`
        yield* TestClock.adjust("1 second")
        assert.deepStrictEqual(yield* ours.run(revocations), [[gone.session.id, undefined, "database"]])
      })
  )

  testOpen("to damage a row hides neither what else they did nor what time does", () =>
    Effect.gen(function*() {
      const { other, ours } = yield* withOther
      const damaged = yield* ours.run(issueSession(startup, { ttl: 10 }))
      yield* ours.sessions.verify(damaged.token)
      const repaired = yield* ours.run(paired)
      const gone = yield* ours.run(paired)
      const short = yield* ours.run(issueSession(startup, { ttl: 10 }))
      yield* other.edit(damaged.session.id, "scopes", "project:read")
      yield* other.edit(repaired.session.id, "scopes", "project:read")
      yield* other.edit(gone.session.id, "revoked_at", 0)
      yield* TestClock.adjust("1 second")
      assert.deepStrictEqual([gone.socket.ended, repaired.socket.ended], [["SessionRevoked"], []])
      yield* other.edit(repaired.session.id, "scopes", `["project:read"]`)
      yield* TestClock.adjust("9 seconds")
      assert.deepStrictEqual((yield* ours.sessions.verify(repaired.secrets)).scopes.map(String), ["project:read"])
      const expired = (yield* ours.run(recorded)).filter((it) => it.event === "session.expired")
      assert.sameMembers(expired.map((it) => it.sessionId), [damaged.session.id, short.session.id])
    }))

  testOpen("while we cannot even read is not missed", () =>
    Effect.gen(function*() {
      const { other, ours } = yield* withOther
      const sql = yield* ours.run(SqlClient.SqlClient)
      const gone = yield* ours.run(paired)
      yield* other.edit(gone.session.id, "device_label", "x")
      yield* TestClock.adjust("1 second")
      yield* other.sql`ALTER TABLE t3_sessions RENAME TO t3_elsewhere`
      yield* TestClock.adjust("3 seconds")
      // By a connection of ours, whose writes are not looked for.
      yield* sql`UPDATE t3_elsewhere SET revoked_at = 0`
      yield* sql`ALTER TABLE t3_elsewhere RENAME TO t3_sessions`
      yield* TestClock.adjust("1 second")
      assert.deepStrictEqual(gone.socket.ended, ["SessionRevoked"])
    }))

  testOpen("wakes those who follow the log, for whom it may have entries", () =>
    Effect.gen(function*() {
      const { other, ours } = yield* withOther
      const log = yield* ours.run(AccessLog)
      const before = log.writes()
      yield* TestClock.adjust("10 seconds")
      assert.strictEqual(log.writes(), before)
      yield* other.sql`INSERT INTO t3_access_log (at, event, times) VALUES (1, 'session.issued', 1)`
      yield* TestClock.adjust("1 second")
      assert.isAbove(log.writes(), before)
    }))

  testOpen("does not make a session that we forgot, long after its end, look revoked", () =>
    Effect.gen(function*() {
      const { other, ours } = yield* withOther
      const old = yield* ours.run(issueSession(startup, { ttl: 60 }))
      yield* ours.sessions.verify(old.token)
      yield* leap("1 hour")
      yield* leap("31 days")
      yield* TestClock.adjust("1 hour")
      assert.deepStrictEqual((yield* ours.sessions.list(everything)).items, [])
      yield* other.sql`INSERT INTO t3_access_log (at, event, times) VALUES (1, 'session.issued', 1)`
      yield* TestClock.adjust("1 second")
      assert.deepStrictEqual(yield* ours.run(revocations), [])
      assert.strictEqual(yield* refusal(ours.sessions.verify(old.token)), "SessionExpired")
    }))
})
