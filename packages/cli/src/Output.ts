/**
 * The terminal, pipe or file that a command talks to: the result goes to stdout, everything else to stderr.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"

export class Output extends Context.Tag("@t3/cli/Output")<Output, {
  /** Prints a line of the result. */
  readonly print: (line: string) => Effect.Effect<void>
  /** Says something beside the result. */
  readonly say: (line: string) => Effect.Effect<void>
  /** Whether stdout is a terminal, whatever it can show. */
  readonly terminal: boolean
  /** Whether stdout is a terminal that takes colours: not with `NO_COLOR` or `TERM=dumb`. */
  readonly rich: boolean
  /** Whether somebody is there to answer a question. */
  readonly interactive: boolean
  /** Why nobody is asked where nobody is: the end of a sentence. */
  readonly unasked: string
  /** Columns and rows of the terminal, now. */
  readonly size: Effect.Effect<{ readonly columns: number; readonly rows: number }>
}>() {
  /** This process's own streams. */
  static readonly layer: Layer.Layer<Output> = Layer.sync(this, () => {
    const { env, stderr, stdin, stdout } = process
    const noColor = (env["NO_COLOR"] ?? "") !== ""
    const plain = noColor || env["TERM"] === "dumb"
    const asker = stdin.isTTY && stderr.isTTY
    const line = (stream: NodeJS.WriteStream) => (text: string) => Effect.sync(() => void stream.write(`${text}\n`))
    return {
      interactive: asker && !plain,
      print: line(stdout),
      rich: stdout.isTTY && !plain,
      say: line(stderr),
      size: Effect.sync(() => ({ columns: stdout.columns || 80, rows: stdout.rows || 24 })),
      terminal: stdout.isTTY,
      unasked: asker
        ? `${noColor ? "NO_COLOR is set" : "TERM is dumb"}, so nothing is asked`
        : "no terminal is there to ask"
    }
  })
}

/** Prints one JSON document on a line of its own. */
export const printJson = (document: unknown): Effect.Effect<void, never, Output> =>
  Effect.flatMap(Output, (output) => output.print(JSON.stringify(document)))
