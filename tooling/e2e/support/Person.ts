/** What the suites start on a machine, and end when the test is over. */
import { onTestFinished } from "vitest"
import * as Program from "../src/Program.ts"
import * as Screen from "../src/Screen.ts"
import type { Machine } from "./Machine.ts"

/** An empty folder, for as long as the test runs. */
export const folder = (): string => {
  const { path, remove } = Program.temporaryFolder()
  onTestFinished(remove)
  return path
}

/** Runs a command on a machine to its end. */
export const t3 = (on: Machine, ...args: ReadonlyArray<string>): Promise<Program.Result> =>
  Program.t3(args, { wrapper: on.wrapper })

/** Starts `t3 serve` on a machine and waits until it is ready. Somebody has to stop it. */
export const start = (on: Machine, ...args: ReadonlyArray<string>): Promise<Program.Running> =>
  Program.running(["serve", ...args], /^(?:No QR code|Connection string).*\n/m, { wrapper: on.wrapper })

/** The same, for as long as the test runs. */
export const serve = async (on: Machine, ...args: ReadonlyArray<string>): Promise<Program.Running> => {
  const server = await start(on, ...args)
  onTestFinished(async () => void await server.stop())
  return server
}

/** Runs a command on a machine in a terminal of 80 columns and 24 rows. */
export const terminal = (on: Machine, ...args: ReadonlyArray<string>): Screen.Screen => {
  const [command, ...rest] = on.wrapper
  const screen = Screen.open([command, ...rest, process.execPath, Program.file, ...args], { columns: 80, rows: 24 })
  onTestFinished(async () => {
    screen.pty.kill("SIGTERM")
    await screen.ended
  })
  return screen
}

/** The lines of a screen up to the last that has text. */
export const text = (screen: Screen.Screen): string => screen.lines().join("\n").trimEnd()
