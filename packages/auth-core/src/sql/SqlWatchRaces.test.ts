import * as SqlClient from "@effect/sql/SqlClient"
import { assert, describe } from "@effect/vitest"
import { Effect, Redacted, TestClock } from "effect"
import { withOther } from "../../test/Other.ts"
import { issueLink, leap, pair, recorded, refusal, startup, testOpen, verify } from "../../test/Stores.ts"

/** A device that is in memory. */
const paired = Effect.tap(pair(), ({ secrets }) => verify(secrets))

/** Who ended sessions. */
const revocations = Effect.map(
  recorded,
  (entries) => entries.filter((it) => it.event === "session.revoked").map((it) => [it.sessionId, it.actor?.kind])
)

describe("What we do while somebody else writes", () => {
  testOpen(
    "counts, though it is yet to be written: the use of a session is not taken back",
    () =>
      Effect.gen(function*() {
        const { other, ours } = yield* withOther
        const { secrets, session } = yield* ours.run(paired)
        yield* leap("20 days")
        yield* ours.run(Effect.flatMap(SqlClient.SqlClient, (sql) => sql`PRAGMA query_only = ON`))
        const { expiresAt } = yield* ours.sessions.verify(secrets)
        yield* other.edit(session.id, "device_label", "renamed by hand")
        yield* TestClock.adjust("1 second")
        const after = yield* ours.sessions.verify(secrets)
        assert.deepStrictEqual([after.device.label, after.expiresAt], ["renamed by hand", expiresAt])
      })
  )

  /** Both at once, in every order of their steps that yields give. */
  const together = <A, E, R, E2, R2>(
    ours: Effect.Effect<A, E, R>,
    steps: number,
    theirs: Effect.Effect<unknown, E2, R2>
  ) =>
    Effect.zipRight(
      theirs,
      Effect.map(
        Effect.all([
          Effect.zipRight(Effect.repeatN(Effect.yieldNow(), Math.max(0, -steps)), TestClock.adjust("1 second")),
          Effect.zipRight(Effect.repeatN(Effect.yieldNow(), Math.max(0, steps)), Effect.withMaxOpsBeforeYield(ours, 10))
        ], { concurrency: 2 }),
        ([, answer]) => answer
      )
    )

  /** Both at once, in every order of their steps that yields give. */
  const together = <A, E, R, E2, R2>(
    ours: Effect.Effect<A, E, R>,
    steps: number,
    theirs: Effect.Effect<unknown, E2, R2>
  ) =>
    Effect.zipRight(
      theirs,
      Effect.map(
        Effect.all([
          Effect.zipRight(Effect.repeatN(Effect.yieldNow(), Math.max(0, -steps)), TestClock.adjust("1 second")),
          Effect.zipRight(Effect.repeatN(Effect.yieldNow(), Math.max(0, steps)), Effect.withMaxOpsBeforeYield(ours, 10))
        ], { concurrency: 2 }),
        ([, answer]) => answer
      )
    )

  testOpen("is recorded once: that we ended a session, while we looked", () =>
    Effect.gen(function*() {
      const { other, ours } = yield* withOther
      const sql = yield* ours.run(SqlClient.SqlClient)
      const bystander = yield* ours.run(paired)
      const { session } = yield* ours.run(paired)
      yield* other.edit(bystander.session.id, "device_label", "x")
      const letGo = yield* hold(sql)
      // The look waits first, the revocation next: the look goes on to read when that is done.
      const looking = yield* begin(TestClock.adjust("1 second"))
      const revoking = yield* begin(ours.sessions.revoke(startup, session.id))
      yield* letGo
      yield* Effect.all([Fiber.join(looking), Fiber.join(revoking)])
      assert.deepStrictEqual(yield* ours.run(revocations), [[session.id, "startup"]])
    }))

  testOpen(
    "stands: a device that asks again has its new secret, and no earlier one, though we looked meanwhile",
    () =>
      Effect.gen(function*() {
        const { other, ours } = yield* withOther
        const sql = yield* ours.run(SqlClient.SqlClient)
        const bystander = yield* ours.run(paired)
        const { token } = yield* ours.run(issueLink())
        const exchange = { device: {}, idempotencyKey: Redacted.make("some-key"), token }
        const first = yield* ours.pairings.redeem(exchange)
        yield* other.edit(bystander.session.id, "device_label", "x")
        // It looks for the link, for that again, and for its session, before it writes: each time we let others in between.
        const one = yield* hold(sql)
        const repeating = yield* begin(ours.pairings.redeem(exchange))
        const two = yield* hold(sql)
        yield* one
        const three = yield* hold(sql)
        const looking = yield* begin(TestClock.adjust("1 second"))
        yield* two
        const four = yield* hold(sql)
        yield* three
        yield* four
        const second = yield* Fiber.join(repeating)
        yield* Fiber.join(looking)
        assert.strictEqual(yield* refusal(ours.sessions.verify(first.secrets)), "Unauthenticated")
        assert.strictEqual((yield* ours.sessions.verify(second.secrets)).id, first.session.id)
      })
  )

  testOpen("is not undone by looking at what they did", () =>
    Effect.withMaxOpsBeforeYield(
      Effect.gen(function*() {
        const { other, ours } = yield* withOther
        const bystander = yield* ours.run(paired)
        for (let steps = -60; steps < 60; steps += 3) {
          const theirs = other.edit(bystander.session.id, "device_label", `${steps}`)
          const { session } = yield* ours.run(paired)
          yield* together(ours.sessions.rename(startup, session.id, "ours"), steps, theirs)
          assert.strictEqual((yield* ours.sessions.current(session.id)).device.label, "ours", `after ${steps} steps`)

          const exchange = {
            device: {},
            idempotencyKey: Redacted.make("some-key"),
            token: (yield* ours.run(issueLink())).token
          }
          const first = yield* ours.pairings.redeem(exchange)
          const second = yield* together(ours.pairings.redeem(exchange), steps, theirs)
          assert.strictEqual(
            yield* refusal(ours.sessions.verify(first.secrets)),
            "Unauthenticated",
            `after ${steps} steps`
          )
          assert.strictEqual((yield* ours.sessions.verify(second.secrets)).id, first.session.id)

          yield* together(ours.sessions.revoke(startup, session.id), steps, theirs)
        }
        assert.isTrue((yield* ours.run(revocations)).every(([, actor]) => actor === "startup"))
      }),
      10
    ), 60_000)
})
