/**
 * Runs `t3` as a process: argv in, exit code out.
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
import { existsSync } from "node:fs"
import * as Argv from "./Argv.ts"
import * as CliConsole from "./CliConsole.ts"
import * as Completions from "./Completions.ts"
import { exitCode, type Failure } from "./Failure.ts"
import * as Help from "./Help.ts"
import { Output } from "./Output.ts"
import * as Signals from "./Signals.ts"
import * as T3 from "./T3.ts"

/** The parser asks for a file system that only flags of kind `file` would use; we have none. */
const layerParser = Layer.mergeAll(
  CliConfig.layer({ showBuiltIns: false }),
  FileSystem.layerNoop({}),
  Path.layer,
  NodeTerminal.layer,
  CliConsole.layer
)

const execute = (version: string, argv: ReadonlyArray<string>) =>
  Effect.gen(function*() {
    const output = yield* Output
    const request = yield* Argv.read(T3.spec, "start", argv, existsSync)
    if (request._tag === "Help") return yield* output.print(Help.render(request.path))
    if (request._tag === "Version") return yield* output.print(version)
    if (request._tag === "Completions") return yield* Effect.flatMap(Completions.render(request.shell), output.print)
    const run = Command.run(T3.command, { executable: "t3", name: "t3", version })
    yield* Effect.provide(run(["node", "t3", ...request.args]), layerParser)
  })

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

/** Runs the command that `argv` (without the two words of Node) names, then ends the process. */
export const main = (options: { readonly argv: ReadonlyArray<string>; readonly version: string }): void => {
  const signals = Signals.make()
  const fiber = Effect.runFork(
    execute(options.version, options.argv).pipe(
      Effect.tapErrorCause(report),
      Effect.provide([Output.layer, layerLogger]),
      Effect.provideService(Signals.Signals, signals.service)
    )
  )
  signals.guard(fiber)
  // A reader that has seen enough, such as `head`, is no failure of ours.
  process.stdout.on("error", (error: NodeJS.ErrnoException) => process.exit(error.code === "EPIPE" ? 0 : 1))
  fiber.addObserver((exit) => {
    process.stdout.write("", () => process.exit(codeOf(exit, signals.exitCode())))
  })
}
