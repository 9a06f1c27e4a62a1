/** Servers, commands and a device at one data directory, all at once: whoever has to wait waits, and nobody hears of a lock. */
import { join } from "node:path"
import { afterEach, assert, beforeEach, describe, it } from "vitest"
import * as Program from "./Program.ts"

let folder: ReturnType<typeof Program.temporaryFolder>

beforeEach(() => {
  folder = Program.temporaryFolder()
})

afterEach(() => folder.remove())

const here = () => ["--base-dir", join(folder.path, "here")]

const rounds = 4

/** Runs a command again and again until told to stop; gives how each run ended. */
const again = async (done: () => boolean, ...args: ReadonlyArray<string>): Promise<ReadonlyArray<Program.Result>> => {
  const results: Array<Program.Result> = []
  // Bounded, should `done` never come.
  while (!done() && results.length < 200) results.push(await Program.t3([...args, ...here()]))
  return results
}

/** A server that comes and goes, in good order and by `kill -9`. */
const comeAndGo = async (): Promise<ReadonlyArray<Program.Result>> => {
  const ends: Array<Program.Result> = []
  for (let round = 0; round < rounds; round++) {
    const server = await Program.serve(here())
    const link = await Program.t3(["connect", "-", "--base-dir", join(folder.path, "there")], { input: server.link })
    const status = await Program.t3(["env", "list", "--base-dir", join(folder.path, "there")])
    const second = await Program.t3(["serve", ...here()], { env: { T3_PORT: "0" } })
    assert.strictEqual(second.code, 7, second.stderr)
    assert.include(second.stderr, `pid ${server.pid}`)
    assert.include(second.stderr, server.address)
    assert.include(second.stderr, "t3 pair")
    ends.push(link, status, await server.stop(round % 2 === 0 ? "SIGTERM" : "SIGKILL"))
  }
  return ends
}

describe("one data directory", () => {
  it("serves two servers, two commands and a device at once, and no lock error reaches anyone", async () => {
    let done = false
    const [server, creating, listing] = await Promise.all([
      comeAndGo().finally(() => {
        done = true
      }),
      again(() => done, "auth", "pairing", "create", "--json"),
      again(() => done, "auth", "session", "list", "--json")
    ])
    const commands = [...creating, ...listing]
    for (const { stderr, stdout } of [...server, ...commands]) {
      assert.notMatch(stderr + stdout, /SQLITE|locked|busy|\n\s+at .*:\d+:\d+/i)
    }
    // A command may be cut off by the server that is killed under it; it says so, and every other one has done its work.
    const failed = commands.filter(({ code }) => code !== 0)
    for (const { code, stderr } of failed) assert.include([1, 6], code, stderr)
    assert.isAtMost(failed.length, 2 * rounds, failed.map(({ stderr }) => stderr).join(""))
    const made = creating.filter(({ code }) => code === 0).map(({ stdout }) => JSON.parse(stdout).id as string)
    const { stdout } = await Program.t3(["auth", "pairing", "list", "--all", "--json", ...here()])
    const kept = new Set((JSON.parse(stdout).items as ReadonlyArray<{ readonly id: string }>).map(({ id }) => id))
    assert.deepStrictEqual(made.filter((id) => !kept.has(id)), [], "what was acknowledged is kept")
  }, 120_000)
})
