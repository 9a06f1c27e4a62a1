/**
 * Completion scripts for shells, as @effect/cli writes them, without the flags of its own that we do not offer, and with
 * commands that bash finds.
 *
 * @since 0.1.0
 */
import * as Command from "@effect/cli/Command"
import * as Effect from "effect/Effect"
import type { Shell } from "./Argv.ts"
import { command } from "./Parser.ts"

const scripts: Readonly<Record<Shell, typeof Command.getBashCompletions>> = {
  bash: Command.getBashCompletions,
  fish: Command.getFishCompletions,
  zsh: Command.getZshCompletions
}

/** The state of the bash script is `t3__auth`, and its next word `session`; @effect/cli waits for `t3,auth,session`. */
const mend = (line: string): string =>
  line.replace(
    /^( +)(t3(?:,[^,]+)*),([^,]+)\)$/,
    (_, indent: string, parents: string, word: string) =>
      `${indent}${parents.replaceAll(",", "__")},${word.replaceAll("__", "-")})`
  )

/** The script, without a line break at the end. */
export const render = (shell: Shell): Effect.Effect<string> =>
  Effect.map(scripts[shell](command, "t3"), (lines) =>
    lines
      .filter((line) => !/(?:'--| -l )(?:wizard|log-level)\b/.test(line))
      .map((line) => mend(line.replaceAll(/ --(?:wizard|log-level)\b/g, "")))
      .join("\n"))
