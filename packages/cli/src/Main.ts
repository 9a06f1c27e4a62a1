/**
 * Runs a command that argv asked for, up to the exit code of the process.
 *
 * @since 0.1.0
 */
import * as CliConfig from "@effect/cli/CliConfig"
import * as Command from "@effect/cli/Command"
import { isValidationError } from "@effect/cli/ValidationError"
import * as NodeTerminal from "@effect/platform-node/NodeTerminal"
import * as FileSystem from "@effect/platform/FileSystem"
import * as Path from "@effect/platform/Path"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as Option from "effect/Option"
import type { Request } from "./Argv.ts"
import * as CliConsole from "./CliConsole.ts"
import * as Completions from "./Completions.ts"
import { exitCode, type Failure } from "./Failure.ts"
import { Output } from "./Output.ts"
import { command } from "./Parser.ts"
import * as Signals from "./Signals.ts"

/** What needs more than text to answer. */
export type Executable = Extract<Request, { readonly _tag: "Completions" | "Run" }>

/** The parser asks for a file system that only flags of kind `file` would use; we have none. */
const layerParser = Layer.mergeAll(
  CliConfig.layer({ showBuiltIns: false }),
  FileSystem.layerNoop({}),
  Path.layer,
  NodeTerminal.layer,
  CliConsole.layer
)

const execute = (request: Executable, version: string) =>
  request._tag === "Completions"
    ? Effect.flatMap(Effect.zip(Output, Completions.render(request.shell)), ([output, script]) => output.print(script))
    : Command.run(command, { executable: "t3", name: "t3", version })(["node", "t3", ...request.args]).pipe(
      Effect.provide(layerParser)
    )

const toLine = (text: string): string => text.replaceAll(/\s*\n\s*/g, " ")

/** A failure is the user's business: what happened, and what to do. A defect is ours: the whole cause. */
const report = (cause: Cause.Cause<Failure>): Effect.Effect<void, never, Output> =>
  Effect.flatMap(Output, (output) =>
    Option.match(Cause.failureOption(cause), {
      onNone: () => Cause.isInterruptedOnly(cause) ? Effect.void : output.say(`t3: ${Cause.pretty(cause)}`),
      onSome: (failure) =>
        // The parser has printed its own refusals, and the command what it reported.
        isValidationError(failure) || failure._tag === "Reported"
          ? Effect.void
          : output.say(
            [`t3: ${failure.message}`, ...(failure.hint ? [`    ${failure.hint}`] : [])].map(toLine).join("\n")
          )
    }))

/** What parts of the program log goes to stderr, as a line of ours. */
const layerLogger = Logger.replace(
  Logger.defaultLogger,
  Logger.make(({ cause, message }) => {
    const text = Array.isArray(message) ? message.map(String).join(" ") : String(message)
    process.stderr.write(`t3: ${text}${Cause.isEmpty(cause) ? "" : `\n${Cause.pretty(cause)}`}\n`)
  })
)

const codeOf = (exit: Exit.Exit<void, Failure>, signalled: number | undefined): number =>
  Exit.match(exit, {
    onFailure: (cause) => signalled ?? Option.match(Cause.failureOption(cause), { onNone: () => 1, onSome: exitCode }),
    onSuccess: () => 0
  })

/** Runs the command, then ends the process. */
export const run = (request: Executable, version: string): void => {
  const signals = Signals.make()
  const fiber = Effect.runFork(
    execute(request, version).pipe(
      Effect.tapErrorCause(report),
      Effect.provide([Output.layer, layerLogger]),
      Effect.provideService(Signals.Signals, signals.service)
    )
  )
  signals.guard(fiber)
  fiber.addObserver((exit) => {
    process.stdout.write("", () => process.exit(codeOf(exit, signals.exitCode())))
  })
}
