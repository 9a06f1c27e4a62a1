import * as SqlClient from "@effect/sql/SqlClient"
import { assert, describe } from "@effect/vitest"
import * as PairingToken from "@t3/protocol/PairingToken"
import { Effect, Fiber, Redacted, TestClock } from "effect"
import { readFileSync } from "node:fs"
import {
  as,
  from,
  issueLink,
  issueSession,
  open,
  pair,
  recorded,
  redeem,
  refusal,
  rights,
  startup,
  test,
  testOpen,
  verify
} from "../test/Stores.ts"
import { temporaryFile } from "../test/TestDatabase.ts"
import { AccessLog, type Decision } from "./AccessLog.ts"
import { PairingStore } from "./PairingStore.ts"
import { SessionStore } from "./SessionStore.ts"

const guess: Decision = { event: "pairing.refused", reason: "PairingUnknown" }

const refused = (address: string, decision = guess) =>
  Effect.flatMap(AccessLog, (log) => log.refused(decision)).pipe(from(address))

const counts = (address: string) =>
  Effect.map(recorded, (entries) => entries.filter((it) => it.address === address).map((it) => it.count))

describe("AccessLog", () => {
  test("has each decision, with who made it and what it was about", () =>
    Effect.gen(function*() {
      const pairings = yield* PairingStore
      const sessions = yield* SessionStore
      const address = "100.64.0.9"
      const link = yield* issueLink(startup, { role: "owner" })
      const exchange = { device: {}, idempotencyKey: Redacted.make("some-key"), token: link.token }
      const { session } = yield* redeem(exchange).pipe(from(address))
      const owner = yield* redeem(exchange).pipe(from(address))
      yield* refusal(redeem({ token: link.token })).pipe(from(address))
      yield* refusal(redeem({ token: Redacted.make("000000000000") })).pipe(from(address))
      const spare = yield* issueLink(as(session))
      yield* refusal(redeem({ scopes: [], token: spare.token })).pipe(from(address))
      yield* pairings.revoke(as(session), spare.pairing.id)
      const left = yield* issueLink(as(session))
      const script = yield* issueSession(as(session))
      yield* sessions.rename(as(session), script.session.id, "backup")
      const next = yield* pair({}, { earlier: [owner.secrets] })
      yield* sessions.revoke({ kind: "cli" }, script.session.id)

      const who = `session:${session.id}`
      const replacer = `session:${next.session.id}`
      assert.deepStrictEqual(
        (yield* recorded).map(({ actor, address = "", event, pairingId = "", reason = "", sessionId = "" }) => [
          event,
          actor?.kind === "session" ? `session:${actor.sessionId}` : actor?.kind ?? "",
          pairingId,
          sessionId,
          address,
          reason
        ]),
        [
          ["pairing.issued", "startup", link.pairing.id, "", "", ""],
          ["pairing.redeemed", who, link.pairing.id, session.id, address, ""],
          ["pairing.repeated", who, link.pairing.id, session.id, address, ""],
          ["pairing.refused", "", link.pairing.id, session.id, address, "PairingUsed"],
          ["pairing.refused", "", "", "", address, "PairingUnknown"],
          ["pairing.issued", who, spare.pairing.id, "", "", ""],
          ["pairing.refused", "", spare.pairing.id, "", address, "Invalid"],
          ["pairing.revoked", who, spare.pairing.id, "", "", ""],
          ["pairing.issued", who, left.pairing.id, "", "", ""],
          ["session.issued", who, "", script.session.id, "", ""],
          ["session.renamed", who, "", script.session.id, "", ""],
          ["pairing.issued", "startup", next.session.pairingId ?? "", "", "", ""],
          ["session.replaced", replacer, "", session.id, "", ""],
          ["pairing.revoked", replacer, left.pairing.id, "", "", ""],
          ["pairing.redeemed", replacer, next.session.pairingId ?? "", next.session.id, "", ""],
          ["session.revoked", "cli", "", script.session.id, "", ""]
        ]
      )
      const log = yield* AccessLog
      assert.deepStrictEqual((yield* log.read({ limit: 1 })).items.map((it) => it.event), ["session.revoked"])
      assert.strictEqual(yield* log.latest, (yield* recorded).at(-1)?.seq)
    }))

  test("has nothing of what was refused or rolled back", () =>
    Effect.gen(function*() {
      const member = yield* issueSession()
      yield* refusal(issueLink(as(member.session), { role: "owner" }))
      yield* refusal(issueSession(startup, { scopes: rights("coffee:make") }))
      assert.deepStrictEqual((yield* recorded).map((it) => it.event), ["session.issued"])
    }))

  test("writes the first refusal at once, and gathers its like for a minute", () =>
    Effect.gen(function*() {
      yield* Effect.replicateEffect(refused("a"), 10)
      yield* refused("b")
      assert.deepStrictEqual([yield* counts("a"), yield* counts("b")], [[1], [1]])
      yield* TestClock.adjust("59 seconds")
      yield* refused("a")
      assert.deepStrictEqual(yield* counts("a"), [1])
      yield* TestClock.adjust("1 second")
      assert.deepStrictEqual([yield* counts("a"), yield* counts("b")], [[1, 10], [1]])
      yield* refused("a")
      assert.deepStrictEqual(yield* counts("a"), [1, 10, 1])
    }))

  test("gathers refusals of another reason or another link apart", () =>
    Effect.gen(function*() {
      yield* refused("a")
      yield* refused("a", { ...guess, reason: "PairingUsed" })
      yield* refused("a", { ...guess, pairingId: "0123456789ab" })
      assert.deepStrictEqual(yield* counts("a"), [1, 1, 1])
    }))

  test("does not stop recording where the one who was refused goes away", () =>
    Effect.gen(function*() {
      for (let steps = 0; steps < 20; steps += 1) {
        const address = `host-${steps}`
        const caller = yield* Effect.withMaxOpsBeforeYield(Effect.fork(refused(address)), 20)
        yield* Effect.repeatN(Effect.yieldNow(), steps)
        yield* Fiber.interrupt(caller)
        yield* TestClock.adjust("1 minute")
        const before = (yield* counts(address)).length
        yield* refused(address)
        assert.strictEqual((yield* counts(address)).length, before + 1, `after ${steps} steps`)
      }
    }))

  testOpen(
    "writes what it has gathered when it is closed, and does not wait for the minute",
    () =>
      Effect.gen(function*() {
        const file = yield* temporaryFile
        const before = yield* open(file)
        yield* before.run(Effect.replicateEffect(refused("a"), 5))
        yield* before.close
        const after = yield* open(file)
        assert.deepStrictEqual(yield* after.run(counts("a")), [1, 4])
        yield* after.close
      })
  )
})

describe("What is stored", () => {
  testOpen("holds no secret, in any column, nor anywhere in the file (design 9.8)", () =>
    Effect.gen(function*() {
      const file = yield* temporaryFile
      const stores = yield* open(file)
      const secrets = yield* stores.run(Effect.gen(function*() {
        const idempotencyKey = Redacted.make("a-key-that-only-one-phone-has")
        const link = yield* issueLink()
        const first = yield* redeem({ idempotencyKey, token: link.token }).pipe(from("::1"))
        const second = yield* redeem({ idempotencyKey, token: link.token }).pipe(from("::1"))
        yield* verify(second.secrets)
        yield* refusal(redeem({ token: link.token }))
        yield* refusal(redeem({ token: Redacted.make("K7QX2M9PHTRD") }))
        const page = yield* (yield* PairingStore).redeemForBrowser({ device: {}, token: (yield* issueLink()).token })
        const next = yield* pair({}, { earlier: [second.secrets] })
        const script = yield* issueSession()
        const spare = yield* issueLink()
        const guessed = Redacted.make("K7QX2M9PHTRD")
        return [
          idempotencyKey,
          link.token,
          spare.token,
          guessed,
          first.secrets,
          second.secrets,
          next.secrets,
          script.token,
          page.secrets.cookie,
          page.secrets.storage
        ]
      }))
      const spellings = secrets.flatMap((secret) => {
        const text = Redacted.value(secret)
        return text.length > 60 ? [text.slice(16, 68)] : [text, PairingToken.unsafeFormat(secret)]
      })
      const columns = yield* stores.run(Effect.gen(function*() {
        const sql = yield* SqlClient.SqlClient
        const tables = yield* sql<{ readonly name: string }>`SELECT name FROM sqlite_master WHERE type = 'table'`
        return JSON.stringify(yield* Effect.forEach(tables, ({ name }) => sql`SELECT * FROM ${sql(name)}`))
      }))
      const bytes = readFileSync(file, "latin1") + readFileSync(`${file}-wal`, "latin1")
      assert.include(bytes, "t3_sessions")
      for (const spelling of spellings) {
        assert.notInclude(columns.toUpperCase(), spelling.toUpperCase())
        assert.notInclude(bytes.toUpperCase(), spelling.toUpperCase())
      }
      yield* stores.close
    }))
})
