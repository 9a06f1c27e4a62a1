/** An `Output` that keeps what it is told. */
import { Effect, Layer } from "effect"
import { Output } from "../src/Output.ts"

export const testOutput = (settings: Partial<typeof Output.Service> = {}) => {
  const printed: Array<string> = []
  const said: Array<string> = []
  const layer = Layer.succeed(Output, {
    interactive: false,
    print: (line) => Effect.sync(() => void printed.push(line)),
    rich: false,
    say: (line) => Effect.sync(() => void said.push(line)),
    size: Effect.succeed({ columns: 80, rows: 24 }),
    terminal: false,
    unasked: "no terminal is there to ask",
    ...settings
  })
  return { layer, printed, said }
}
