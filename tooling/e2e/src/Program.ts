/** Runs the built `t3` as people do: as a process, with arguments, streams, signals and an exit code. */
import { spawn } from "node:child_process"
import { mkdtempSync, rmSync } from "node:fs"
import { createRequire } from "node:module"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"

/** The program's file, as the package `t3` installs it. */
export const file = join(dirname(createRequire(import.meta.url).resolve("t3/package.json")), "dist/t3.js")

/** What a process said and how it ended. */
export interface Result {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** How to run it. */
export interface Options {
  readonly env?: NodeJS.ProcessEnv
  readonly input?: string
  /** A command that runs it, such as `ip netns exec a`. */
  readonly wrapper?: ReadonlyArray<string>
  /** Another build of it. */
  readonly program?: string
  /** Run it as this user. */
  readonly uid?: number
  /** Told the process's id. */
  readonly onStart?: (pid: number) => void
}

/** No variable of the developer's own reaches the program. */
export const cleanEnv = (env: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv => ({
  ...Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^(T3_|NO_COLOR$|FORCE_COLOR$|TERM$|NODE_)/.test(name))
  ),
  ...env
})

const start = (args: ReadonlyArray<string>, { env, program = file, uid, wrapper = [] }: Options) => {
  const [command = "", ...rest] = [...wrapper, process.execPath, program, ...args]
  const as = uid === undefined ? {} : { gid: uid, uid }
  return spawn(command, rest, { env: cleanEnv(env), stdio: ["pipe", "pipe", "pipe"], ...as })
}

/** Runs a command to its end. */
export const t3 = (args: ReadonlyArray<string>, options: Options = {}): Promise<Result> =>
  new Promise((resolve, reject) => {
    const child = start(args, options)
    options.onStart?.(child.pid ?? 0)
    let stdout = ""
    let stderr = ""
    child.stdout.setEncoding("utf8").on("data", (text: string) => stdout += text)
    child.stderr.setEncoding("utf8").on("data", (text: string) => stderr += text)
    child.stdin.on("error", () => undefined).end(options.input ?? "")
    child.on("error", reject).on("close", (code) => resolve({ code, stderr, stdout }))
  })

/** A command that goes on, such as `serve`. */
export interface Running {
  readonly pid: number
  /** All of stdout and stderr so far. */
  readonly output: () => { readonly stdout: string; readonly stderr: string }
  /** Sends the signal and waits for the end. */
  readonly stop: (signal?: NodeJS.Signals) => Promise<Result>
  readonly ended: Promise<Result>
}

/** Starts a command and waits until its stdout matches. */
export const running = async (
  args: ReadonlyArray<string>,
  until: RegExp,
  options: Options = {}
): Promise<Running> => {
  const child = start(args, options)
  let stdout = ""
  let stderr = ""
  const ended = new Promise<Result>((resolve) => child.on("close", (code) => resolve({ code, stderr, stdout })))
  child.stderr.setEncoding("utf8").on("data", (text: string) => stderr += text)
  await new Promise<void>((resolve, reject) => {
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      stdout += text
      if (until.test(stdout)) resolve()
    })
    child.on("error", reject)
    child.on("close", (code) => reject(new Error(`t3 ${args.join(" ")} ended with ${code}:\n${stdout}${stderr}`)))
  })
  return {
    ended,
    output: () => ({ stderr, stdout }),
    pid: child.pid ?? 0,
    stop: (signal = "SIGTERM") => {
      child.kill(signal)
      return ended
    }
  }
}

/** What `t3 serve` printed. */
export interface Served extends Running {
  readonly address: string
  readonly link: string
  readonly token: string
}

/** A server on a free loopback port (or on `--port`) that has printed its lines, which it does all at once. */
export const serve = async (args: ReadonlyArray<string>, options: Options = {}): Promise<Served> => {
  const env = { T3_PORT: "0", ...options.env }
  const server = await running(["serve", ...args], /^Connection string.*\n/m, { ...options, env })
  const { stdout } = server.output()
  const value = (name: string) => new RegExp(`^${name} +(\\S+)`, "m").exec(stdout)?.[1] ?? ""
  return { ...server, address: value("Connection string"), link: value("Pairing link"), token: value("Pairing token") }
}

/** An empty folder and how to remove it. */
export const temporaryFolder = (): { readonly path: string; readonly remove: () => void } => {
  const path = mkdtempSync(join(tmpdir(), "t3-e2e-"))
  return { path, remove: () => rmSync(path, { force: true, recursive: true }) }
}
