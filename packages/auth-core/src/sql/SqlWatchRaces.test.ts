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
