import { assert, describe } from "@effect/vitest"
import { Effect, Redacted, TestClock } from "effect"
import {
  everything,
  issueLink,
  issueSession,
  leap,
  pair,
  redeem,
  refusal,
  startup,
  test,
  verify
} from "../../test/Stores.ts"
import { type Exchange, PairingStore } from "../PairingStore.ts"
import { SessionStore } from "../SessionStore.ts"

const idempotencyKey = Redacted.make("key-of-the-phone")

/** An exchange that has been made once, and how often there is a session. */
const once = (fields: Partial<Exchange> = {}) =>
  Effect.gen(function*() {
    const { token } = yield* issueLink(startup, { role: "owner" })
    const exchange: Exchange = { device: { kind: "phone", label: "phone" }, idempotencyKey, token, ...fields }
    return { exchange, first: yield* redeem(exchange) }
  })

const countSessions = Effect.flatMap(
  SessionStore,
  (sessions) => Effect.map(sessions.list(everything), (all) => all.items.length)
)

describe("A repeated exchange", () => {
  test("gets the same session with a fresh secret; the earlier one stops working", () =>
    Effect.gen(function*() {
      const { exchange, first } = yield* once()
      yield* TestClock.adjust("60 seconds")
      const second = yield* redeem(exchange)
      const third = yield* redeem(exchange)
      assert.deepStrictEqual([second.session.id, third.session.id], [first.session.id, first.session.id])
      assert.strictEqual(yield* refusal(verify(first.secrets)), "Unauthenticated")
      assert.strictEqual(yield* refusal(verify(second.secrets)), "Unauthenticated")
      assert.strictEqual((yield* verify(third.secrets)).id, first.session.id)
      assert.strictEqual(yield* countSessions, 1)
    }))

  test("replaces both halves of a browser's session", () =>
    Effect.gen(function*() {
      const pairings = yield* PairingStore
      const sessions = yield* SessionStore
      const { token } = yield* issueLink()
      const exchange = { device: {}, idempotencyKey, token }
      const first = yield* pairings.redeemForBrowser(exchange)
      const second = yield* pairings.redeemForBrowser(exchange)
      const mixes = [first.secrets, { ...first.secrets, cookie: second.secrets.cookie }, {
        ...second.secrets,
        cookie: first.secrets.cookie
      }]
      for (const halves of mixes) assert.strictEqual(yield* refusal(sessions.verifyBrowser(halves)), "Unauthenticated")
      assert.strictEqual((yield* sessions.verifyBrowser(second.secrets)).id, first.session.id)
    }))

  const changes: ReadonlyArray<readonly [string, Partial<Exchange>]> = [
    ["another key", { idempotencyKey: Redacted.make("key-of-a-stranger") }],
    ["another label", { device: { kind: "phone", label: "tablet" } }],
    ["another kind of device", { device: { kind: "tablet", label: "phone" } }],
    ["another system", { device: { kind: "phone", label: "phone", os: "Linux" } }],
    ["another browser", { device: { browser: "Firefox", kind: "phone", label: "phone" } }],
    ["other scopes", { scopes: ["project:read"] }]
  ]
  for (const [name, change] of changes) {
    test(`is refused with ${name}, and leaves the first secret working`, () =>
      Effect.gen(function*() {
        const { exchange, first } = yield* once()
        assert.strictEqual(yield* refusal(redeem({ ...exchange, ...change })), "PairingUsed")
        yield* verify(first.secrets)
        assert.strictEqual(yield* countSessions, 1)
      }))
  }

  test("is refused without a key, on either side", () =>
    Effect.gen(function*() {
      const { idempotencyKey: _, ...keyless } = (yield* once()).exchange
      assert.strictEqual(yield* refusal(redeem(keyless)), "PairingUsed")
      const { token } = yield* issueLink()
      yield* redeem({ token })
      assert.strictEqual(yield* refusal(redeem({ idempotencyKey, token })), "PairingUsed")
    }))

  test("is refused as another kind of session", () =>
    Effect.gen(function*() {
      const { exchange } = yield* once()
      assert.strictEqual(
        yield* refusal(Effect.flatMap(PairingStore, (it) => it.redeemForBrowser(exchange))),
        "PairingUsed"
      )
    }))

  test("is refused after a minute", () =>
    Effect.gen(function*() {
      const { exchange, first } = yield* once()
      yield* TestClock.adjust("60001 millis")
      assert.strictEqual(yield* refusal(redeem(exchange)), "PairingUsed")
      yield* verify(first.secrets)
    }))

  test("is refused once the session was used, at once", () =>
    Effect.gen(function*() {
      const { exchange, first } = yield* once()
      yield* verify(first.secrets)
      assert.strictEqual(yield* refusal(redeem(exchange)), "PairingUsed")
      yield* verify(first.secrets)
    }))

  test("is refused once the session was used, even if its first secret was lost before", () =>
    Effect.gen(function*() {
      const { exchange } = yield* once()
      const second = yield* redeem(exchange)
      yield* verify(second.secrets)
      assert.strictEqual(yield* refusal(redeem(exchange)), "PairingUsed")
      yield* verify(second.secrets)
    }))

  test("is refused once the session was revoked, and brings nothing back", () =>
    Effect.gen(function*() {
      const { exchange, first } = yield* once()
      yield* (yield* SessionStore).revoke(startup, first.session.id)
      assert.strictEqual(yield* refusal(redeem(exchange)), "PairingUsed")
      assert.strictEqual(yield* refusal(verify(first.secrets)), "SessionRevoked")
    }))

  test("beside the first use of the session leaves one of the two, never both", () =>
    Effect.gen(function*() {
      for (let round = 0; round < 20; round += 1) {
        const { exchange, first } = yield* once()
        const [used, repeated] = yield* Effect.all(
          [Effect.either(verify(first.secrets)), Effect.either(redeem(exchange))],
          { concurrency: 2 }
        )
        assert.strictEqual([used, repeated].filter((it) => it._tag === "Right").length, 1)
      }
    }))
})

describe("Many exchanges of one token at once", () => {
  test("make one session", () =>
    Effect.gen(function*() {
      const { token } = yield* issueLink()
      const results = yield* Effect.all(
        Array.from({ length: 64 }, () => Effect.either(redeem({ token }))),
        { concurrency: "unbounded" }
      )
      const tags = results.map((it) => it._tag === "Right" ? "won" : it.left._tag)
      assert.deepStrictEqual(tags.filter((it) => it !== "PairingUsed"), ["won"])
      assert.strictEqual(yield* countSessions, 1)
    }))

  test("with one key make one session, of which one secret works", () =>
    Effect.gen(function*() {
      const { token } = yield* issueLink()
      const results = yield* Effect.all(
        Array.from({ length: 16 }, () => redeem({ idempotencyKey, token })),
        { concurrency: "unbounded" }
      )
      const works = yield* Effect.filter(results, ({ secrets }) =>
        Effect.map(Effect.either(verify(secrets)), (it) => it._tag === "Right"))
      assert.strictEqual(works.length, 1)
      assert.strictEqual(yield* countSessions, 1)
    }))
})

describe("Pairing again", () => {
  test("with proof of the earlier session replaces it, and keeps the device", () =>
    Effect.gen(function*() {
      const earlier = yield* pair()
      const other = yield* pair()
      const next = yield* pair({}, { earlier: [earlier.secrets] })
      assert.strictEqual(next.session.device.id, earlier.session.device.id)
      assert.notStrictEqual(next.session.id, earlier.session.id)
      assert.strictEqual(yield* refusal(verify(earlier.secrets)), "SessionRevoked")
      yield* verify(next.secrets)
      yield* verify(other.secrets)
    }))

  test("takes an expired session as proof", () =>
    Effect.gen(function*() {
      const earlier = yield* issueSession(startup, { ttl: 60 })
      yield* leap("1 hour")
      const next = yield* pair({}, { earlier: [earlier.token] })
      assert.strictEqual(next.session.device.id, earlier.session.device.id)
      assert.strictEqual(yield* refusal(verify(earlier.token)), "SessionRevoked")
    }))

  test("does not take a revoked session as proof", () =>
    Effect.gen(function*() {
      const earlier = yield* pair()
      yield* (yield* SessionStore).revoke(startup, earlier.session.id)
      const next = yield* pair({}, { earlier: [earlier.secrets] })
      assert.notStrictEqual(next.session.device.id, earlier.session.device.id)
    }))

  test("replaces nothing by an id, another's secret or a damaged one", () =>
    Effect.gen(function*() {
      const earlier = yield* pair()
      const text = Redacted.value(earlier.secrets)
      const stranger = Redacted.value((yield* pair()).secrets)
      const proofs = [
        earlier.session.id,
        `t3s_${earlier.session.id}`,
        text.slice(0, 16) + stranger.slice(16),
        `${text.slice(0, -1)}u`,
        ""
      ]
      for (const proof of proofs) {
        const next = yield* pair({}, { earlier: [Redacted.make(proof)] })
        assert.notStrictEqual(next.session.device.id, earlier.session.device.id)
      }
      yield* verify(earlier.secrets)
    }))

  test("replaces nothing by a well-formed secret that was made up for a real id", () =>
    Effect.gen(function*() {
      const earlier = yield* pair()
      // An exchange that was repeated leaves a secret behind that is well-formed and no longer right.
      const { exchange, first } = yield* once()
      yield* redeem(exchange)
      const next = yield* pair({}, { earlier: [first.secrets] })
      assert.notStrictEqual(next.session.device.id, first.session.device.id)
      yield* verify(earlier.secrets)
    }))

  test("replaces a browser's session by both halves, not by one", () =>
    Effect.gen(function*() {
      const pairings = yield* PairingStore
      const sessions = yield* SessionStore
      const { token } = yield* issueLink()
      const { secrets, session } = yield* pairings.redeemForBrowser({ device: {}, token })
      for (
        const earlier of [[secrets.storage], [secrets.cookie], [secrets.storage, secrets.storage], [
          secrets.cookie,
          secrets.storage
        ]]
      ) {
        const next = yield* pair({}, { earlier })
        assert.notStrictEqual(next.session.device.id, session.device.id)
      }
      yield* sessions.verifyBrowser(secrets)
      const next = yield* pair({}, { earlier: [secrets.storage, secrets.cookie] })
      assert.strictEqual(next.session.device.id, session.device.id)
      assert.strictEqual(yield* refusal(sessions.verifyBrowser(secrets)), "SessionRevoked")
    }))

  test("that is refused replaces nothing", () =>
    Effect.gen(function*() {
      const earlier = yield* pair()
      const { token } = yield* issueLink()
      yield* redeem({ token })
      assert.strictEqual(yield* refusal(redeem({ earlier: [earlier.secrets], token })), "PairingUsed")
      yield* verify(earlier.secrets)
    }))
})
