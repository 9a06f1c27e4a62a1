/**
 * A test clock with what real ones have: time that passes for timers, and a wall clock that can be set, be it by a person,
 * by the network, or by a machine that was suspended meanwhile.
 */
import { Chunk, Clock, Duration, Effect, type TestClock } from "effect"

interface Sleep {
  readonly due: number
  readonly wake: () => void
}

/** Lets what others do at this moment come to rest: nothing here waits for more than the scheduler. */
const settle = Effect.repeatN(Effect.yieldNow(), 50)

export class WallClock implements TestClock.TestClock {
  readonly [Clock.ClockTypeId]: typeof Clock.ClockTypeId = Clock.ClockTypeId
  readonly #sleeps = new Set<Sleep>()
  #passed = 0
  #offset = 0

  readonly currentTimeMillis = Effect.sync(() => this.unsafeCurrentTimeMillis())
  readonly currentTimeNanos = Effect.sync(() => this.unsafeCurrentTimeNanos())
  readonly sleeps = Effect.sync(() => Chunk.fromIterable(Array.from(this.#sleeps, ({ due }) => due)))
  readonly save = Effect.sync(() => {
    const [passed, offset] = [this.#passed, this.#offset]
    return Effect.sync(() => {
      this.#passed = passed
      this.#offset = offset
    })
  })

  unsafeCurrentTimeMillis(): number {
    return this.#passed + this.#offset
  }

  unsafeCurrentTimeNanos(): bigint {
    return BigInt(this.unsafeCurrentTimeMillis()) * 1_000_000n
  }

  scheduler(): Effect.Effect<Clock.ClockScheduler> {
    return Effect.dieMessage("not used")
  }

  sleep(duration: Duration.DurationInput): Effect.Effect<void> {
    return Effect.async<void>((resume) => {
      const sleep = { due: this.#passed + Duration.toMillis(duration), wake: () => resume(Effect.void) }
      this.#sleeps.add(sleep)
      return Effect.sync(() => void this.#sleeps.delete(sleep))
    })
  }

  /** Lets time pass: what sleeps wakes up in order, each at its moment. */
  adjust(duration: Duration.DurationInput): Effect.Effect<void> {
    return Effect.suspend(() => this.#passUntil(this.#passed + Duration.toMillis(duration)))
  }

  adjustWith(duration: Duration.DurationInput) {
    return <A, E, R>(effect: Effect.Effect<A, E, R>) =>
      Effect.zipLeft(effect, this.adjust(duration), { concurrent: true })
  }

  /** Sets the wall clock, forwards or back: nobody is woken by that. */
  setTime(instant: number): Effect.Effect<void> {
    return Effect.sync(() => {
      this.#offset = instant - this.#passed
    })
  }

  readonly #passUntil = (end: number): Effect.Effect<void> =>
    Effect.flatMap(settle, () => {
      const next = Array.from(this.#sleeps).reduce<Sleep | undefined>(
        (first, sleep) => sleep.due <= end && (first === undefined || sleep.due < first.due) ? sleep : first,
        undefined
      )
      if (next === undefined) {
        this.#passed = end
        return Effect.void
      }
      this.#sleeps.delete(next)
      this.#passed = Math.max(this.#passed, next.due)
      next.wake()
      return this.#passUntil(end)
    })
}
