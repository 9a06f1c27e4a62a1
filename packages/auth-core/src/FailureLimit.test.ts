import { assert, describe, it } from "@effect/vitest"
import type { RateLimited } from "@t3/protocol/Errors"
import { Context, Effect, Either, FastCheck as fc, Redacted, TestClock } from "effect"
import * as Stores from "../test/Stores.ts"
import { from, issueLink, issueSession, pair, redeem, refusal, startup, timed, verify } from "../test/Stores.ts"
import { FailureLimit } from "./FailureLimit.ts"
import { PairingStore } from "./PairingStore.ts"
import { type Allowance, Policy } from "./Policy.ts"
import { Secret } from "./Secret.ts"
import { SessionStore } from "./SessionStore.ts"

const defaults = Context.get(Context.empty(), Policy)

/** A test with a limit of its own. */
const test = (
  name: string,
  self: () => Effect.Effect<void, unknown, FailureLimit>,
  failures: { readonly all: Allowance; readonly network: Allowance } = defaults.failures
) =>
  it.effect(name, () =>
    timed(
      Effect.suspend(self).pipe(
        Effect.provide(FailureLimit.layer),
        Effect.provideService(Policy, { ...defaults, failures })
      )
    ))

const count = Effect.flatMap(FailureLimit, (limit) => limit.count)

const fail = (network: string) => from(`${network}:1`, network)(count)

/** How many failures of the network were counted before it was limited. */
const failUntilLimited = (network: string): Effect.Effect<number, never, FailureLimit> =>
  Effect.flatMap(
    Effect.either(fail(network)),
    (result) => Either.isLeft(result) ? Effect.succeed(0) : Effect.map(failUntilLimited(network), (more) => more + 1)
  )

/** In how many seconds it may fail again; 0 where it was counted. */
const retryAfter = (network: string) =>
  Effect.map(Effect.either(fail(network)), (result) => Either.isLeft(result) ? result.left.retryAfter : 0)

const unlimited: Allowance = { every: 1, most: 1_000_000 }

describe("FailureLimit", () => {
  test("lets a network fail 20 times at once, and every two seconds from then on", () =>
    Effect.gen(function*() {
      assert.strictEqual(yield* failUntilLimited("a"), 20)
      yield* TestClock.adjust("1999 millis")
      assert.strictEqual(yield* failUntilLimited("a"), 0)
      yield* TestClock.adjust("1 millis")
      assert.strictEqual(yield* failUntilLimited("a"), 1)
      yield* TestClock.adjust("7 seconds")
      assert.strictEqual(yield* failUntilLimited("a"), 3)
      yield* TestClock.adjust("1 day")
      assert.strictEqual(yield* failUntilLimited("a"), 20)
    }))

  test("keeps networks apart, and the addresses of one together", () =>
    Effect.gen(function*() {
      assert.strictEqual(yield* failUntilLimited("a"), 20)
      assert.strictEqual(yield* refusal(count).pipe(from("another address", "a")), "RateLimited")
      assert.strictEqual(yield* failUntilLimited("b"), 20)
    }))

  test("lets all networks together fail 200 times at once, and twenty times a second from then on", () =>
    Effect.gen(function*() {
      for (let network = 0; network < 200; network += 1) yield* fail(`${network}`)
      assert.strictEqual(yield* retryAfter("another"), 1)
      yield* TestClock.adjust("49 millis")
      assert.strictEqual(yield* refusal(fail("another")), "RateLimited")
      yield* TestClock.adjust("1 millis")
      yield* fail("another")
      assert.strictEqual(yield* refusal(fail("one more")), "RateLimited")
      yield* TestClock.adjust("1 second")
      for (let network = 0; network < 20; network += 1) yield* fail(`new ${network}`)
      assert.strictEqual(yield* refusal(fail("one more")), "RateLimited")
    }))

  test("limits nothing that is done on the machine itself", () =>
    Effect.gen(function*() {
      yield* Effect.replicateEffect(count, 1000, { discard: true })
      assert.strictEqual(yield* failUntilLimited("a"), 20)
    }))

  test("bans nobody: who goes on all the time is counted as often as who waits", () =>
    Effect.gen(function*() {
      yield* failUntilLimited("a")
      let counted = 0
      for (let tenth = 0; tenth < 600; tenth += 1) {
        yield* TestClock.adjust("100 millis")
        counted += yield* failUntilLimited("a")
      }
      assert.strictEqual(counted, 30)
      yield* TestClock.adjust("40 seconds")
      assert.strictEqual(yield* failUntilLimited("a"), 20)
    }))

  test("does not stand still where the clock goes back", () =>
    Effect.gen(function*() {
      yield* TestClock.setTime(1e12)
      yield* failUntilLimited("a")
      yield* TestClock.setTime(0)
      assert.strictEqual(yield* retryAfter("a"), 2)
      yield* TestClock.adjust("2 seconds")
      assert.strictEqual(yield* retryAfter("a"), 0)
      assert.strictEqual(yield* failUntilLimited("b"), 20)
    }))

  test("remembers 10,000 networks, and forgets the one it met first for another", () =>
    Effect.gen(function*() {
      yield* failUntilLimited("first")
      yield* failUntilLimited("second")
      for (let network = 2; network < 10_000; network += 1) yield* fail(`${network}`)
      assert.strictEqual(yield* retryAfter("first"), 2)
      yield* fail("one too many")
      assert.strictEqual(yield* retryAfter("second"), 2)
      assert.strictEqual(yield* failUntilLimited("first"), 20)
      // Now it was met last, and the second first.
      assert.strictEqual(yield* failUntilLimited("second"), 20)
    }), { all: unlimited, network: defaults.failures.network })
})

describe("Retry-After", () => {
  const allowance = fc.record({
    every: fc.constantFrom(7, 50, 300, 700, 2000, 3000, 7000),
    most: fc.integer({ max: 5, min: 1 })
  })
  const pauses = fc.array(fc.oneof(fc.constantFrom(100, 700, 1000), fc.integer({ max: 9000, min: 0 })), {
    maxLength: 20,
    minLength: 1
  })

  it.effect.prop(
    "is right to the second, whatever came before",
    [allowance, allowance, pauses],
    ([network, all, pauses]) =>
      Effect.gen(function*() {
        for (const pause of pauses) {
          yield* TestClock.setTime(pause + (yield* TestClock.currentTimeMillis))
          yield* failUntilLimited("a")
        }
        const seconds = yield* retryAfter("a")
        assert.isAbove(seconds, 0)
        yield* TestClock.setTime(seconds * 1000 - 1000 + (yield* TestClock.currentTimeMillis))
        assert.strictEqual(yield* refusal(fail("a")), "RateLimited")
        yield* TestClock.setTime(1000 + (yield* TestClock.currentTimeMillis))
        yield* fail("a")
      }).pipe(
        Effect.provide(FailureLimit.layer),
        Effect.provideService(Policy, { ...defaults, failures: { all, network } }),
        timed
      ),
    { fastCheck: { numRuns: 400 } }
  )
})

describe("Guessing", () => {
  const guess = Redacted.make("000000000000")

  /** Fails until nothing of that network, nor of any other, is counted any more. */
  const exhaust = Effect.forEach(
    Array.from({ length: 11 }, (_, network) => `network ${network}`),
    (network) => Effect.replicateEffect(Effect.either(redeem({ token: guess })), 20).pipe(from(network))
  )

  /** Why it was refused, or for how many seconds. */
  const told = <A, R>(self: Effect.Effect<A, { readonly _tag: string } | RateLimited, R>) =>
    Effect.map(Effect.flip(self), (error) => "retryAfter" in error ? error.retryAfter : error._tag)

  Stores.test("is limited, be it of links or of sessions, well-formed or not", () =>
    Effect.gen(function*() {
      const sessions = yield* SessionStore
      const secret = yield* Effect.provide(Secret, Secret.layer)
      const made = yield* secret.sessionToken("bearer", "0123456789ab")
      const [cookie, storage] = yield* Effect.all([
        secret.sessionToken("cookie", "0123456789ab"),
        secret.sessionToken("storage", "0123456789ab")
      ])
      const guesses = Effect.all([
        told(redeem({ token: guess })),
        told(Effect.flatMap(PairingStore, (it) => it.redeemForBrowser({ device: {}, token: guess }))),
        told(sessions.verify(made)),
        told(sessions.verify(Redacted.make("nonsense"))),
        told(sessions.verifyBrowser({ cookie, storage }))
      ]).pipe(from("a"))
      assert.deepStrictEqual(yield* guesses, [
        "PairingUnknown",
        "PairingUnknown",
        "Unauthenticated",
        "Unauthenticated",
        "Unauthenticated"
      ])
      yield* Effect.replicateEffect(refusal(redeem({ token: guess })), 15).pipe(from("a"))
      assert.deepStrictEqual(yield* guesses, [2, 2, 2, 2, 2])
      assert.strictEqual(yield* refusal(verify(made)).pipe(from("b")), "Unauthenticated")
      assert.strictEqual(yield* refusal(verify(made)), "Unauthenticated")
    }))

  Stores.test("keeps nobody out who has a secret, though it comes from their own network (design 9.14)", () =>
    Effect.gen(function*() {
      const pairings = yield* PairingStore
      const sessions = yield* SessionStore
      const paired = yield* pair()
      const page = yield* pairings.redeemForBrowser({ device: {}, token: (yield* issueLink()).token })
      const [one, two] = [yield* issueLink(), yield* issueLink()]
      yield* exhaust
      assert.strictEqual(yield* refusal(redeem({ token: guess })).pipe(from("network 0")), "RateLimited")
      yield* Effect.gen(function*() {
        assert.strictEqual((yield* verify(paired.secrets)).id, paired.session.id)
        assert.strictEqual((yield* sessions.verifyBrowser(page.secrets)).id, page.session.id)
        yield* verify((yield* redeem({ token: one.token })).secrets)
        yield* pairings.redeemForBrowser({ device: {}, token: two.token })
      }).pipe(from("network 0"))
    }))

  Stores.test("hides no reason from who has a secret that ended", () =>
    Effect.gen(function*() {
      const sessions = yield* SessionStore
      const expired = yield* issueLink(startup, { ttl: 1 })
      const used = yield* issueLink()
      const { secrets, session } = yield* redeem({ token: used.token })
      const revoked = yield* issueLink()
      yield* (yield* PairingStore).revoke(startup, revoked.pairing.id)
      yield* sessions.revoke(startup, session.id)
      const lapsed = yield* issueSession(startup, { ttl: 1 })
      yield* TestClock.adjust("1 second")
      yield* exhaust
      const reasons = [
        refusal(redeem({ token: expired.token })),
        refusal(redeem({ token: used.token })),
        refusal(redeem({ token: revoked.token })),
        refusal(redeem({ scopes: ["coffee:make"], token: (yield* issueLink()).token })),
        refusal(verify(secrets)),
        refusal(verify(lapsed.token))
      ]
      assert.deepStrictEqual(yield* Effect.all(reasons).pipe(from("network 0")), [
        "PairingExpired",
        "PairingUsed",
        "PairingRevoked",
        "Invalid",
        "SessionRevoked",
        "SessionExpired"
      ])
    }))

  Stores.test("is recorded in a few lines a minute, with the network's address and how often it was", () =>
    Effect.gen(function*() {
      yield* Effect.replicateEffect(Effect.either(redeem({ token: guess })), 50).pipe(from("a"))
      yield* TestClock.adjust("1 minute")
      const lines = (yield* Stores.recorded).map(({ address, count, event, reason }) => [event, reason, address, count])
      assert.sameDeepMembers(lines, [
        ["pairing.refused", "PairingUnknown", "a", 1],
        ["rate.limited", "RateLimited", "a", 1],
        ["pairing.refused", "PairingUnknown", "a", 19],
        ["rate.limited", "RateLimited", "a", 29]
      ])
    }))
})
