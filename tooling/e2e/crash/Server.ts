/** `t3 serve` on a data directory that outlives it. */
import { join } from "node:path"
import { assert, onTestFinished } from "vitest"
import * as Program from "../src/Program.ts"
import * as Api from "./Api.ts"

/** What runs, and how. */
export type Options = Pick<Program.Options, "env" | "program">

export interface Server {
  readonly api: Api.Api
  /** Told of each answer from now on. */
  readonly watch: (onAnswer: () => void) => void
  /** SIGKILL; the answers that are under way still arrive. */
  readonly kill: () => void
  /** Ends with the process. */
  readonly ended: Promise<unknown>
  /** Sends the signal and waits for the end, which is clean if it was asked for. */
  readonly stop: (signal: "SIGTERM" | "SIGKILL") => Promise<void>
}

const args = (baseDir: string) => ["serve", "--json", "--no-token", "--port", "0", "--base-dir", baseDir]

/** Starts it and waits until it is ready, which it is without a word of complaint. */
export const start = async (baseDir: string, options: Options = {}): Promise<Server> => {
  const running = await Program.running(args(baseDir), /\n/, options)
  onTestFinished(async () => void await running.stop("SIGKILL"))
  const { stderr, stdout } = running.output()
  assert.strictEqual(stderr, "")
  let told: () => void = () => undefined
  const api = Api.connect(JSON.parse(stdout).connectionString, join(baseDir, "control.sock"), () => told())
  return {
    api,
    ended: running.ended,
    kill: () => void running.stop("SIGKILL"),
    stop: async (signal) => assert.strictEqual((await running.stop(signal)).code, signal === "SIGTERM" ? 0 : null),
    watch: (onAnswer) => told = onAnswer
  }
}

/** Starts it and kills it some milliseconds later, whatever it is at. */
export const startAndKill = async (baseDir: string, after: number, options: Options = {}): Promise<void> => {
  let timer: NodeJS.Timeout | undefined
  const onStart = (pid: number) => timer = setTimeout(() => process.kill(pid, "SIGKILL"), after)
  const { stderr } = await Program.t3(args(baseDir), { ...options, onStart })
  clearTimeout(timer)
  assert.strictEqual(stderr, "")
}

/** Whether it becomes ready, and is killed then, or has killed itself before. */
export const isReadyBeforeItDies = async (baseDir: string, options: Options): Promise<boolean> => {
  const running = await Program.running(args(baseDir), /\n/, options).catch((error: unknown) => {
    assert.match(String(error), /ended with null:\n$/)
    return undefined
  })
  await running?.stop("SIGKILL")
  return running !== undefined
}
