/**
 * Tells a peer that is busy or slow for a moment from one that is gone.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"

/** How often the peer is asked for a sign of life. */
const every = "10 seconds"

/** Beats in a row without one, after which the peer is given up: one may be lost while a device wakes up. */
const maxMissed = 2

/** `heard` is to be called for whatever comes in; `lost` asks again and again, and ends when nothing came any more. */
export const make = (ask: Effect.Effect<void>): { readonly heard: () => void; readonly lost: Effect.Effect<void> } => {
  let missed = -1
  return {
    heard: () => {
      missed = -1
    },
    lost: Effect.suspend(() => {
      missed += 1
      return missed < maxMissed ? Effect.as(ask, true) : Effect.succeed(false)
    }).pipe(Effect.delay(every), Effect.repeat({ while: (alive) => alive }), Effect.asVoid)
  }
}
