/** Waiting for what comes by itself. */
import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"

/** Until `check` holds; dies with `what` where it does not come true. */
export const until = (what: string, check: () => boolean, patience: "5 seconds" | "20 seconds" = "5 seconds") =>
  Effect.sync(check).pipe(
    Effect.repeat({ schedule: Schedule.spaced("5 millis"), until: (holds) => holds }),
    Effect.timeoutFail({ duration: patience, onTimeout: () => new Error(`This did not come true: ${what}.`) }),
    Effect.orDie,
    Effect.asVoid
  )

/** Until `check` gives true; the same for what must be asked for. */
export const untilEffect = <E, R>(what: string, check: Effect.Effect<boolean, E, R>) =>
  check.pipe(
    Effect.repeat({ schedule: Schedule.spaced("20 millis"), until: (holds) => holds }),
    Effect.timeoutFail({ duration: "5 seconds", onTimeout: () => new Error(`This did not come true: ${what}.`) }),
    Effect.orDie,
    Effect.asVoid
  )
