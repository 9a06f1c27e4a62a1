/** Processes of `program.ts`, ended with the scope. */
import * as Effect from "effect/Effect"
import { type ChildProcess, spawn } from "node:child_process"
import { createInterface } from "node:readline"
import { fileURLToPath } from "node:url"

const built = (name: string) => fileURLToPath(new URL(`../.tmp/${name}.js`, import.meta.url))

export interface Running {
  readonly process: ChildProcess
  readonly pid: number
  /** The first line that it said, as JSON. */
  readonly first: Record<string, unknown>
  /** The same as it is. */
  readonly line: string
  /** Its exit code, once it has ended; the signal's name where one ended it. */
  readonly exit: Effect.Effect<number | string | null>
  readonly kill: (signal: NodeJS.Signals) => Effect.Effect<number | string | null>
}

const start = (args: ReadonlyArray<string>) =>
  Effect.async<Running>((resume) => {
    const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] })
    const exit = new Promise<number | string | null>((resolve) => {
      child.once("exit", (code, signal) => resolve(code ?? signal))
    })
    const lines = createInterface({ input: child.stdout })
    const say = (line: string) =>
      resume(Effect.succeed({
        exit: Effect.promise(() => exit),
        first: line.startsWith("{") ? JSON.parse(line) as Record<string, unknown> : {},
        line,
        kill: (signal) => Effect.zipRight(Effect.sync(() => child.kill(signal)), Effect.promise(() => exit)),
        pid: child.pid ?? 0,
        process: child
      }))
    lines.once("line", say)
    lines.once("close", () => say(""))
  })

const started = (args: ReadonlyArray<string>) =>
  Effect.acquireRelease(
    start(args),
    ({ exit, process }) => Effect.zipRight(Effect.sync(() => process.kill("SIGKILL")), exit)
  )

/** Starts it and waits for its first line. */
export const run = (command: "serve" | "hold", options: object) =>
  started([built("program"), command, JSON.stringify(options)])

/** Starts the example of the README. */
export const runExample = (folder: string) => started([built("example"), folder])

/** Another program of this machine, which has nothing to do with us; says a line of JSON. */
export const other = (script: string) => started(["-e", script])
