import { assert, describe, it } from "@effect/vitest"
import { SessionId } from "@t3/protocol/Ids"
import { Ticket, ttlSeconds } from "@t3/protocol/Ticket"
import { Effect, Layer, Redacted, Schema, TestClock } from "effect"
import { refusal, timed } from "../test/Stores.ts"
import { Secret } from "./Secret.ts"
import { Tickets } from "./Tickets.ts"

const page = "http://127.0.0.1:3773"
const one = SessionId.make("000000000001")
const two = SessionId.make("000000000002")

const issue = (origin: string | undefined = page, id = one) =>
  Effect.flatMap(Tickets, (tickets) => tickets.issue(id, origin))

const take = (ticket: Redacted.Redacted, origin: string | undefined = page) =>
  Effect.flatMap(Tickets, (tickets) => tickets.take(ticket, origin))

/** Without an `Origin`, as a native client asks. */
const native = {
  issue: Effect.flatMap(Tickets, (tickets) => tickets.issue(one, undefined)),
  take: (ticket: Redacted.Redacted) => Effect.flatMap(Tickets, (tickets) => tickets.take(ticket, undefined))
}

const layer = Layer.provide(Tickets.layer, Secret.layer)

const test = (name: string, self: () => Effect.Effect<void, unknown, Tickets>) =>
  it.effect(name, () => timed(Effect.provide(Effect.suspend(self), layer)))

describe("A ticket", () => {
  test("has the shape that the protocol gives it, and is never the same twice", () =>
    Effect.gen(function*() {
      const tickets = yield* Effect.replicateEffect(issue(), 100)
      for (const ticket of tickets) assert.isTrue(Schema.is(Schema.typeSchema(Ticket))(ticket))
      yield* Effect.forEach(tickets, (ticket) => Schema.decode(Ticket)(Redacted.value(ticket)))
      assert.strictEqual(new Set(tickets.map(Redacted.value)).size, 100)
    }))

  test("is taken once, for the session that it was made for", () =>
    Effect.gen(function*() {
      const first = yield* issue(page, one)
      const second = yield* issue(page, two)
      assert.strictEqual(yield* take(second), two)
      assert.strictEqual(yield* take(first), one)
      assert.strictEqual(yield* refusal(take(first)), "Unauthenticated")
      assert.strictEqual(yield* refusal(take(second)), "Unauthenticated")
    }))

  test("is taken by one of many who try at once", () =>
    Effect.gen(function*() {
      const ticket = yield* issue()
      const results = yield* Effect.all(Array.from({ length: 64 }, () => Effect.either(take(ticket))), {
        concurrency: "unbounded"
      })
      assert.strictEqual(results.filter((it) => it._tag === "Right").length, 1)
    }))

  test("lives for 30 seconds, and not a moment more", () =>
    Effect.gen(function*() {
      assert.strictEqual(ttlSeconds, 30)
      const [early, late] = [yield* issue(), yield* issue()]
      yield* TestClock.adjust("29999 millis")
      assert.strictEqual(yield* take(early), one)
      yield* TestClock.adjust("1 millis")
      assert.strictEqual(yield* refusal(take(late)), "Unauthenticated")
    }))

  for (
    const origin of ["http://127.0.0.1:3774", "https://127.0.0.1:3773", "http://localhost:3773", "null", "", `${page}/`]
  ) {
    test(`of one page is none of ${JSON.stringify(origin)}, and is used up by it`, () =>
      Effect.gen(function*() {
        const ticket = yield* issue()
        assert.strictEqual(yield* refusal(take(ticket, origin)), "Unauthenticated")
        assert.strictEqual(yield* refusal(take(ticket)), "Unauthenticated")
      }))
  }

  test("of a client without an origin is for one without, and no page; and the other way round", () =>
    Effect.gen(function*() {
      assert.strictEqual(yield* native.take(yield* native.issue), one)
      assert.strictEqual(yield* refusal(take(yield* native.issue)), "Unauthenticated")
      assert.strictEqual(yield* refusal(native.take(yield* issue())), "Unauthenticated")
    }))

  test("that was made up is refused like any other", () =>
    Effect.gen(function*() {
      const real = Redacted.value(yield* issue())
      const last = real.endsWith("0") ? "1" : "0"
      for (const text of ["", "t3w_", real.slice(0, -1), real.slice(0, -1) + last, real.toUpperCase(), "__proto__"]) {
        const refused = yield* Effect.flip(take(Redacted.make(text)))
        assert.strictEqual(
          refused.message,
          "The ticket is unknown, was used, has expired, or was made for another page."
        )
      }
      assert.strictEqual(yield* take(Redacted.make(real)), one)
    }))

  test("is let go for a new one where there are too many: the oldest first, 10,000 stay", () =>
    Effect.gen(function*() {
      const tickets = yield* Effect.replicateEffect(issue(), 10_002)
      for (const [index, ticket] of tickets.entries()) {
        const taken = yield* Effect.either(take(ticket))
        assert.strictEqual(taken._tag, index < 2 ? "Left" : "Right", `${index}`)
      }
    }))

  test("that lapsed makes room before any that has not", () =>
    Effect.gen(function*() {
      yield* Effect.replicateEffect(issue(), 5000)
      yield* TestClock.adjust("20 seconds")
      const live = yield* Effect.replicateEffect(issue(), 5000)
      yield* TestClock.adjust("10 seconds")
      yield* Effect.replicateEffect(issue(), 5000)
      yield* Effect.forEach(live, (ticket) => take(ticket))
    }))

  test("made while the clock was ahead by a day does not live for a day", () =>
    Effect.gen(function*() {
      yield* TestClock.setTime(86_400_000)
      const ahead = yield* issue()
      yield* TestClock.setTime(0)
      assert.strictEqual(yield* refusal(take(ahead)), "Unauthenticated")
      // A small step back turns nobody away.
      yield* TestClock.setTime(10_000)
      const ticket = yield* issue()
      yield* TestClock.setTime(9000)
      assert.strictEqual(yield* take(ticket), one)
    }))
})
