/**
 * How the parser's own messages look: as ours do, and without colour codes where nobody sees colours.
 *
 * @since 0.1.0
 */
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { stripVTControlCharacters } from "node:util"
import { Output } from "./Output.ts"

const text = (args: ReadonlyArray<unknown>): string => stripVTControlCharacters(args.join(" ")).trim()

/** For the parser of @effect/cli, which prints through `Console`. Our commands print through `Output`. */
export const layer: Layer.Layer<never, never, Output> = Layer.unwrapEffect(
  Effect.map(Effect.zip(Output, Console.consoleWith(Effect.succeed)), ([output, console]) =>
    Console.setConsole({
      ...console,
      error: (...args) => output.say(`t3: ${text(args)}`),
      log: (...args) => output.print(text(args))
    }))
)
