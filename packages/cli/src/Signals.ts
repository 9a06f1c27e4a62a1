/**
 * What SIGINT and SIGTERM mean: the first ends the command in good order, the second ends the process at once.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"

export class Signals extends Context.Tag("@t3/cli/Signals")<Signals, {
  /** Ends with SIGTERM, which then does not interrupt the command: for one that drains and has thereby done its job. */
  readonly terminated: Effect.Effect<void>
}>() {}

const codes = { SIGINT: 130, SIGTERM: 143 } as const

type Signal = keyof typeof codes

/** A key press reaches us twice under a parent that passes signals on, such as npm: once from the terminal, once from it. */
const echoMillis = 50

/** The signals of this process. `guard` makes them end `fiber`; `exitCode` is set once one has come. */
export const make = () => {
  let first: { readonly signal: Signal; readonly at: number } | undefined
  let onTerminated: (() => void) | undefined
  const terminated = Effect.async<void>((resume) => {
    onTerminated = () => resume(Effect.void)
    return Effect.sync(() => {
      onTerminated = undefined
    })
  })
  const guard = <A, E>(fiber: Fiber.RuntimeFiber<A, E>): void => {
    const receive = (signal: Signal): void => {
      if (first !== undefined) {
        if (performance.now() - first.at > echoMillis) process.exit(codes[signal])
        return
      }
      first = { at: performance.now(), signal }
      if (signal === "SIGTERM" && onTerminated !== undefined) onTerminated()
      else fiber.unsafeInterruptAsFork(fiber.id())
    }
    process.on("SIGINT", receive)
    process.on("SIGTERM", receive)
  }
  return {
    exitCode: (): number | undefined => first === undefined ? undefined : codes[first.signal],
    guard,
    service: Signals.of({ terminated })
  }
}
