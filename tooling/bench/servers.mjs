/** The two servers under measurement, as processes of their own. */
import { spawn } from "node:child_process"
import { once } from "node:events"
import { mkdtempSync, readFileSync, rmSync } from "node:fs"
import { createRequire } from "node:module"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { createInterface } from "node:readline"
import { fileURLToPath } from "node:url"

/** The built program. */
export const t3 = join(dirname(createRequire(import.meta.url).resolve("t3/package.json")), "dist/t3.js")

const bare = fileURLToPath(new URL("bare.mjs", import.meta.url))

/** Resident memory of a process in MiB, from /proc. @param {number} pid */
const resident = (pid) => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]) / 1024

/**
 * Starts a program, waits for its first line and its first answer, hands it to `use`, and ends it.
 *
 * @template A
 * @param {(folder: string) => Array<string>} argsOf
 * @param {(line: string) => string} addressOf
 * @param {(server: { line: string, address: string, ready: number, memory: () => number }) => Promise<A>} use
 */
const withServer = async (argsOf, addressOf, use) => {
  const folder = mkdtempSync(join(tmpdir(), "t3-bench-"))
  const started = performance.now()
  const child = spawn(process.execPath, argsOf(folder), { stdio: ["ignore", "pipe", "inherit"] })
  try {
    const [line] = await once(createInterface(child.stdout), "line")
    const address = addressOf(line)
    await (await fetch(`${address}/health`)).text()
    const ready = performance.now() - started
    return await use({ address, line, memory: () => resident(child.pid ?? 0), ready })
  } finally {
    const ended = once(child, "close")
    child.kill("SIGTERM")
    await ended
    rmSync(folder, { force: true, recursive: true })
  }
}

/** @template A @param {Parameters<typeof withServer<A>>[2]} use */
export const withBare = (use) =>
  withServer(
    (folder) => [bare, join(folder, "bare.db")],
    (line) => `http://127.0.0.1:${JSON.parse(line).port}`,
    use
  )

/** @template A @param {Parameters<typeof withServer<A>>[2]} use */
export const withT3 = (use) =>
  withServer(
    (folder) => [t3, "serve", "--json", "--port", "0", "--base-dir", join(folder, "data")],
    (line) => JSON.parse(line).connectionString,
    use
  )
