import * as SqlClient from "@effect/sql/SqlClient"
import { assert, describe } from "@effect/vitest"
import type { LogRequest } from "@t3/protocol/LogEntry"
import { Chunk, DateTime, Effect, Fiber, Stream, TestClock } from "effect"
import { withOther } from "../../test/Other.ts"
import {
  from,
  issueLink,
  issueSession,
  leap,
  pair,
  recorded,
  redeem,
  refusal,
  settle,
  startup,
  test,
  testOpen,
  verify
} from "../../test/Stores.ts"
import { AccessLog, type Decision } from "../AccessLog.ts"
import { SessionStore } from "../SessionStore.ts"

const read = (request: LogRequest) => Effect.flatMap(AccessLog, (log) => log.read(request))

/** Writes that many entries, a second apart. */
const write = (count: number) =>
  Effect.replicateEffect(Effect.zipRight(issueSession(), TestClock.adjust("1 second")), count, { discard: true })

/** Every page of a request, as the numbers of its entries. */
const pages = (request: LogRequest) =>
  Effect.gen(function*() {
    const all: Array<ReadonlyArray<number>> = []
    let next: string | undefined
    do {
      const page = yield* read(next === undefined ? request : { ...request, cursor: Number(next) })
      all.push(page.items.map((it) => it.seq))
      next = page.next
    } while (next !== undefined)
    return all
  })

const refused = (decision: Decision) => Effect.flatMap(AccessLog, (log) => log.refused(decision))

describe("Reading the access log", () => {
  test("gives the newest first, in pages, and those after a number oldest first", () =>
    Effect.gen(function*() {
      yield* write(7)
      assert.deepStrictEqual(yield* pages({ limit: 3 }), [[7, 6, 5], [4, 3, 2], [1]])
      assert.deepStrictEqual(yield* pages({ after: 0, limit: 3 }), [[1, 2, 3], [4, 5, 6], [7]])
      assert.deepStrictEqual(yield* pages({ after: 4, limit: 2 }), [[5, 6], [7]])
      assert.deepStrictEqual(yield* pages({ after: 7, limit: 2 }), [[]])
      assert.deepStrictEqual(yield* pages({ limit: 7 }), [[7, 6, 5, 4, 3, 2, 1]])
    }))

  test("starts at a time, where one is given, in either direction", () =>
    Effect.gen(function*() {
      yield* write(7)
      const since = DateTime.unsafeMake(3000)
      assert.deepStrictEqual(yield* pages({ limit: 2, since }), [[7, 6], [5, 4]])
      assert.deepStrictEqual(yield* pages({ after: 2, limit: 3, since }), [[4, 5, 6], [7]])
      assert.deepStrictEqual(yield* pages({ limit: 2, since: DateTime.unsafeMake(6001) }), [[]])
    }))

  test("goes on where it was, while entries come", () =>
    Effect.gen(function*() {
      yield* write(5)
      const { next } = yield* read({ limit: 2 })
      yield* write(3)
      assert.deepStrictEqual(yield* pages({ cursor: Number(next), limit: 2 }), [[3, 2], [1]])
      const ahead = yield* read({ after: 0, limit: 6 })
      yield* write(1)
      assert.deepStrictEqual(yield* pages({ after: 0, cursor: Number(ahead.next), limit: 6 }), [[7, 8, 9]])
    }))

  test("knows the number of the newest entry", () =>
    Effect.gen(function*() {
      const { latest } = yield* AccessLog
      assert.strictEqual(yield* latest, 0)
      yield* write(3)
      assert.strictEqual(yield* latest, 3)
    }))
})

describe("Following the access log", () => {
  const follow = (after: number, count: number) =>
    Effect.flatMap(AccessLog, (log) =>
      Effect.map(
        Stream.runCollect(Stream.take(log.follow(after), count)),
        (entries) => Chunk.toReadonlyArray(entries).map((it) => it.seq)
      ))

  const numbers = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, index) => from + index)

  test("gives what was there before, however much, and then what comes, as it comes", () =>
    Effect.gen(function*() {
      const sql = yield* SqlClient.SqlClient
      yield* sql`PRAGMA synchronous = OFF`
      yield* Effect.replicateEffect(issueSession(), 450, { discard: true })
      const heard: Array<number> = []
      const log = yield* AccessLog
      yield* Effect.fork(Stream.runForEach(log.follow(3), (entry) => Effect.sync(() => heard.push(entry.seq))))
      yield* settle
      assert.deepStrictEqual(heard, numbers(4, 450))
      yield* issueSession()
      yield* settle
      assert.deepStrictEqual(heard, numbers(4, 451))
    }))

  test("loses nothing and gives nothing twice, while many write and many follow", () =>
    Effect.gen(function*() {
      const sql = yield* SqlClient.SqlClient
      yield* sql`PRAGMA synchronous = OFF`
      yield* write(5)
      const followers = yield* Effect.forEach([0, 2, 5, 9], (after) => Effect.fork(follow(after, 125 - after)))
      const writers = Effect.forEach(numbers(1, 10), (writer) =>
        Effect.withMaxOpsBeforeYield(
          Effect.forEach(
            numbers(1, 6),
            (count) =>
              Effect.zipRight(
                Effect.repeatN(Effect.yieldNow(), writer * count),
                Effect.zipRight(pair(), issueSession())
              ),
            {
              discard: true
            }
          ),
          15
        ), { concurrency: "unbounded", discard: true })
      yield* Effect.withMaxOpsBeforeYield(writers, 15)
      const heard = yield* Effect.forEach(followers, Fiber.join)
      assert.deepStrictEqual(heard, [0, 2, 5, 9].map((after) => numbers(after + 1, 125)))
    }))

  test("misses no entry that is written just as it goes back to wait", () =>
    Effect.gen(function*() {
      const sql = yield* SqlClient.SqlClient
      yield* sql`PRAGMA synchronous = OFF`
      const heard: Array<number> = []
      const log = yield* AccessLog
      yield* Stream.runForEach(log.follow(0), (entry) => Effect.sync(() => heard.push(entry.seq))).pipe(
        Effect.withMaxOpsBeforeYield(20),
        Effect.fork
      )
      for (let steps = 0; steps < 120; steps += 1) {
        yield* issueSession()
        yield* Effect.repeatN(Effect.yieldNow(), steps)
        yield* issueSession()
        yield* Effect.repeatN(settle, 2)
        assert.strictEqual(heard.length, 2 * steps + 2, `after ${steps} steps`)
      }
    }))

  testOpen("also gives what others wrote, within a second", () =>
    Effect.gen(function*() {
      const { other, ours } = yield* withOther
      const heard = yield* Effect.fork(ours.run(follow(0, 2)))
      yield* settle
      yield* other.sql`INSERT INTO t3_access_log (at, event, times) VALUES (1, 'pairing.issued', 1)`
      yield* other.sql`INSERT INTO t3_access_log (at, event, times) VALUES (1, 'pairing.issued', 1)`
      yield* TestClock.adjust("1 second")
      assert.deepStrictEqual(yield* Fiber.join(heard), [1, 2])
    }))

  test("ends with an error where the log cannot be read", () =>
    Effect.gen(function*() {
      const sql = yield* SqlClient.SqlClient
      yield* issueSession()
      yield* sql`ALTER TABLE t3_access_log RENAME TO t3_elsewhere`
      assert.strictEqual(yield* refusal(follow(0, 1)), "Unavailable")
    }))
})

describe("Refusals", () => {
  test("of a hundred kinds a minute are kept apart; what comes beyond is gathered without its address", () =>
    Effect.gen(function*() {
      const decision: Decision = { event: "pairing.refused", reason: "PairingUnknown" }
      for (let network = 0; network < 130; network += 1) yield* refused(decision).pipe(from(`${network}`))
      assert.strictEqual((yield* recorded).length, 101)
      yield* TestClock.adjust("1 minute")
      const entries = yield* recorded
      assert.deepStrictEqual(
        entries.slice(0, 100).map((it) => it.address),
        Array.from({ length: 100 }, (_, i) => `${i}`)
      )
      assert.deepStrictEqual(entries.slice(100).map((it) => [it.address, it.reason, it.count]), [
        [undefined, "PairingUnknown", 1],
        [undefined, "PairingUnknown", 29]
      ])
      // A new minute has room again.
      yield* refused(decision).pipe(from("129"))
      assert.strictEqual((yield* recorded).at(-1)?.address, "129")
    }))

  test("that name something on file are kept apart however many others there are: nobody can make them up", () =>
    Effect.gen(function*() {
      for (let network = 0; network < 130; network += 1) {
        yield* refused({ event: "pairing.refused", reason: "PairingUnknown" }).pipe(from(`${network}`))
      }
      const { pairing } = yield* issueLink()
      yield* refused({ event: "pairing.refused", pairingId: pairing.id, reason: "PairingUsed" }).pipe(from("late"))
      const last = (yield* recorded).at(-1)
      assert.deepStrictEqual([last?.pairingId, last?.address], [pairing.id, "late"])
    }))

  test("of one network are one kind, whatever addresses it has", () =>
    Effect.gen(function*() {
      const decision: Decision = { event: "pairing.refused", reason: "PairingUnknown" }
      for (let host = 1; host < 50; host += 1) yield* refused(decision).pipe(from(`fd00::${host}`, "fd00::/64"))
      yield* TestClock.adjust("1 minute")
      assert.deepStrictEqual((yield* recorded).map((it) => [it.address, it.count]), [["fd00::1", 1], ["fd00::1", 48]])
    }))

  test("of sessions on file say which device it was, and why", () =>
    Effect.gen(function*() {
      const paired = yield* pair({}, { device: { kind: "phone", label: "Léa’s phone" } })
      const { id, kind, label } = paired.session.device
      yield* (yield* SessionStore).revoke(startup, paired.session.id)
      yield* refusal(verify(paired.secrets)).pipe(from("a"))
      const last = (yield* recorded).at(-1)
      assert.deepStrictEqual(
        [last?.event, last?.reason, last?.sessionId, last?.device, last?.address],
        ["session.refused", "SessionRevoked", paired.session.id, { id, kind, label }, "a"]
      )
    }))

  test("of a link that was used say which device has it", () =>
    Effect.gen(function*() {
      const { pairing, token } = yield* issueLink()
      yield* redeem({ device: { label: "tablet" }, token })
      yield* refusal(redeem({ token })).pipe(from("a"))
      const last = (yield* recorded).at(-1)
      assert.deepStrictEqual([last?.event, last?.reason, last?.pairingId, last?.device?.label], [
        "pairing.refused",
        "PairingUsed",
        pairing.id,
        "tablet"
      ])
    }))
})

describe("The use of a session", () => {
  test("is recorded once a day, in universal time, with its device", () =>
    Effect.gen(function*() {
      const { secrets, session } = yield* pair()
      const hour = 3_600_000
      for (const at of [1, 5, 23, 24, 24.5, 47, 72]) {
        yield* TestClock.setTime(at * hour)
        yield* verify(secrets)
        yield* settle
      }
      const renewed = (yield* recorded).filter((it) => it.event === "session.renewed")
      assert.deepStrictEqual(renewed.map((it) => DateTime.toEpochMillis(it.at) / hour), [24, 72])
      assert.deepStrictEqual(renewed.map((it) => [it.sessionId, it.device?.id, it.actor, it.address]), [
        [session.id, session.device.id, undefined, undefined],
        [session.id, session.device.id, undefined, undefined]
      ])
    }))
})

describe("The access log", () => {
  test("keeps entries for 90 days", () =>
    Effect.gen(function*() {
      yield* issueSession()
      yield* leap("2 days")
      yield* issueSession()
      yield* leap("88 days")
      yield* TestClock.adjust("30 minutes")
      yield* issueSession()
      assert.strictEqual((yield* recorded)[0]?.seq, 1)
      yield* TestClock.adjust("1 hour")
      assert.strictEqual((yield* recorded)[0]?.seq, 2)
    }))

  test("keeps no more than 2,000 entries of what is not on file, so that guesses crowd nothing out", () =>
    Effect.gen(function*() {
      const sql = yield* SqlClient.SqlClient
      yield* issueSession()
      yield* sql`INSERT INTO t3_access_log (at, event, times)
        WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2007)
        SELECT 0, 'pairing.refused', 1 FROM n`
      yield* TestClock.adjust("1 hour")
      const kept = yield* recorded
      assert.deepStrictEqual([kept.length, kept[0]?.event, kept[1]?.seq], [2001, "session.issued", 9])
    }))

  test("keeps no more than 10,000 entries, the newest", () =>
    Effect.gen(function*() {
      const sql = yield* SqlClient.SqlClient
      yield* sql`INSERT INTO t3_access_log (at, event, times, session_id)
        WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 10007)
        SELECT 0, 'session.issued', 1, '000000000000' FROM n`
      yield* TestClock.adjust("1 hour")
      const kept = yield* recorded
      assert.deepStrictEqual([kept.length, kept[0]?.seq, kept.at(-1)?.seq], [10_000, 8, 10_007])
      // Numbers are not given again.
      yield* sql`DELETE FROM t3_access_log`
      yield* issueSession()
      assert.deepStrictEqual((yield* recorded).map((it) => it.seq), [10_008])
    }))
})
