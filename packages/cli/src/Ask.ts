/**
 * Asks the person at the terminal. Questions go to stderr: stdout is for the result.
 *
 * @since 0.1.0
 */
import { Invalid } from "@t3/protocol/Errors"
import * as Effect from "effect/Effect"
import { createInterface } from "node:readline"

/** One line from the terminal. Ctrl-C interrupts; the end of input is an empty refusal. */
export const line = (question: string): Effect.Effect<string, Invalid> =>
  Effect.async<string, Invalid>((resume) => {
    const reader = createInterface({ input: process.stdin, output: process.stderr })
    let settled = false
    const settle = (result: Effect.Effect<string, Invalid>): void => {
      settled = true
      reader.close()
      resume(result)
    }
    reader.on("SIGINT", () => {
      process.stderr.write("\n")
      settle(Effect.never)
      process.kill(process.pid, "SIGINT")
    })
    reader.on("close", () => {
      if (!settled) resume(new Invalid({ hint: "Type the answer and press Enter.", message: "Nothing was typed." }))
    })
    reader.question(question, (answer) => settle(Effect.succeed(answer.trim())))
    return Effect.sync(() => {
      settled = true
      reader.close()
    })
  })

/** Whether the answer is yes; anything else is no. */
export const confirm = (question: string): Effect.Effect<boolean, Invalid> =>
  Effect.map(line(`${question} [y/N] `), (answer) => /^y(?:es)?$/i.test(answer))
