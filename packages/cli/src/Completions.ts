/**
 * Completion scripts for shells, as @effect/cli writes them, without the flags of its own that we do not offer.
 *
 * @since 0.1.0
 */
import * as Command from "@effect/cli/Command"
import * as Effect from "effect/Effect"
import * as T3 from "./T3.ts"

const scripts = {
  bash: Command.getBashCompletions,
  fish: Command.getFishCompletions,
  zsh: Command.getZshCompletions
} as const

/** A shell that a script can be had for. */
export type Shell = keyof typeof scripts

/** The script, without a line break at the end. */
export const render = (shell: Shell): Effect.Effect<string> =>
  Effect.map(scripts[shell](T3.command, "t3"), (lines) =>
    lines
      .filter((line) => !/(?:'--| -l )(?:wizard|log-level)\b/.test(line))
      .map((line) => line.replaceAll(/ --(?:wizard|log-level)\b/g, ""))
      .join("\n"))
