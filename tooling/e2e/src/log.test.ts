/** The access log: what was decided, as sentences, and while it happens. */
import { spawn } from "node:child_process"
import { existsSync, readdirSync } from "node:fs"
import { join } from "node:path"
import { afterEach, assert, beforeEach, describe, it } from "vitest"
import * as Program from "./Program.ts"

let folder: ReturnType<typeof Program.temporaryFolder>
const ends: Array<() => Promise<unknown>> = []

beforeEach(() => {
  folder = Program.temporaryFolder()
})

afterEach(async () => {
  for (const end of ends.splice(0)) await end()
  folder.remove()
})

const here = () => join(folder.path, "here")
const there = () => join(folder.path, "there")

const serve = async (...args: ReadonlyArray<string>) => {
  const server = await Program.serve(["--base-dir", here(), "--label", "box", ...args])
  ends.push(() => server.stop("SIGKILL"))
  return server
}

/** A command on the server's machine, and one on the other side. */
const owner = (...args: ReadonlyArray<string>) => Program.t3([...args, "--base-dir", here()])
const device = (input: string, ...args: ReadonlyArray<string>) =>
  Program.t3([...args, "--base-dir", there()], { input })

const json = async (result: Promise<Program.Result>) => JSON.parse((await result).stdout)

/** `t3 auth log --follow`, while it runs. */
const follow = (baseDir: string, ...args: ReadonlyArray<string>) => {
  const child = spawn(process.execPath, [Program.file, "auth", "log", "--follow", "--base-dir", baseDir, ...args], {
    env: Program.cleanEnv(),
    stdio: ["ignore", "pipe", "pipe"]
  })
  const waiting = new Set<() => void>()
  const all = { stderr: "", stdout: "" }
  const hear = (name: "stderr" | "stdout") =>
    child[name].setEncoding("utf8").on("data", (text: string) => {
      all[name] += text
      waiting.forEach((check) => check())
    })
  hear("stderr")
  hear("stdout")
  const ended = new Promise<number | null>((resolve) => child.on("close", resolve))
  ends.push(() => {
    child.kill("SIGKILL")
    return ended
  })
  return {
    all,
    child,
    ended,
    /** Waits until a stream matches, and gives how long that took. */
    until: (name: "stderr" | "stdout", pattern: RegExp) =>
      new Promise<number>((resolve, reject) => {
        const begin = performance.now()
        const check = () => {
          if (!pattern.test(all[name])) return
          waiting.delete(check)
          resolve(performance.now() - begin)
        }
        waiting.add(check)
        child.on("close", (code) => reject(new Error(`It ended with ${code}:\n${all.stdout}${all.stderr}`)))
        check()
      })
  }
}

/** Two decisions, of which the second is made when the first is shown: it is told, not read. `seq` is the next number. */
const told = async (log: ReturnType<typeof follow>, seq: number) => {
  for (const next of [seq, seq + 1]) {
    await owner("auth", "pairing", "create")
    await log.until("stdout", new RegExp(`"seq":${next}\\b`))
  }
}

/** A line comes within half a second; what runs the tests may be slow. */
const soon = 5000

const secret = /t3[swcb]_|\b[0-9A-HJKMNP-TV-Z]{4}(?:-[0-9A-HJKMNP-TV-Z]{4}){2}\b|#t=/

const masked = (text: string): string =>
  text
    .replaceAll(/\d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ/g, "TIME")
    .replaceAll(/\b[0-9a-hjkmnp-tv-z]{12}\b/g, "ID")

describe("t3 auth log", () => {
  it("tells what happened in sentences, the newest last, whether a server runs or not", async () => {
    const server = await serve()
    await device(server.link, "connect", "-", "--label", "Ana's laptop")
    await device(server.link, "connect", "-", "--label", "\u001b[31mEve")
    const { items } = await json(owner("auth", "session", "list", "--json"))
    await owner("auth", "session", "revoke", items[0].id)
    await device("", "env", "status", "box")
    const expected = `TIME  link ID was made by the server as it started
TIME  Ana's laptop (ID) paired with link ID, from 127.0.0.1
TIME  link ID was refused: it was already used by Ana's laptop (ID), from 127.0.0.1
TIME  Ana's laptop (ID) was revoked by the command line
TIME  Ana's laptop (ID) was refused: the session had been revoked, from 127.0.0.1
`
    const running = await owner("auth", "log")
    assert.deepStrictEqual([masked(running.stdout), running.stderr, running.code], [expected, "", 0])
    await server.stop()
    const offline = await owner("auth", "log")
    assert.strictEqual(offline.stdout, running.stdout)
    assert.notMatch(offline.stdout, secret)
  })

  it("gives the newest, as many as are asked for, or what lies within a time", async () => {
    for (let index = 0; index < 4; index++) await owner("auth", "pairing", "create", "--json")
    const seqs = async (...args: ReadonlyArray<string>) => {
      const { items } = await json(owner("auth", "log", "--json", ...args))
      return items.map(({ seq }: { readonly seq: number }) => seq)
    }
    assert.deepStrictEqual(await seqs(), [1, 2, 3, 4])
    assert.deepStrictEqual(await seqs("--limit", "2"), [3, 4])
    assert.deepStrictEqual(await seqs("--limit", "0"), [])
    assert.deepStrictEqual(await seqs("--since", "1h"), [1, 2, 3, 4])
    assert.deepStrictEqual(await seqs("--since", "1h", "--limit", "1"), [4])
    await new Promise((resolve) => setTimeout(resolve, 1100))
    assert.deepStrictEqual(await seqs("--since", "1s"), [])
    for (const [flag, value] of [["--since", "yesterday"], ["--limit", "few"], ["--limit", "-1"]] as const) {
      const { code, stderr } = await owner("auth", "log", flag, value)
      assert.strictEqual(code, 2)
      assert.include(stderr, `${flag} "${value}"`)
    }
  })

  it("finds nothing and makes nothing where nothing is (design 9.20)", async () => {
    assert.deepStrictEqual(await owner("auth", "log"), {
      code: 0,
      stderr: "Nothing is in the log yet.\n",
      stdout: ""
    })
    assert.strictEqual((await owner("auth", "log", "--json")).stdout, "{\"items\":[]}\n")
    assert.isFalse(existsSync(here()))
  })
})

describe("t3 auth log --follow", () => {
  it("shows a decision of another process at once, and ends with 130 on Ctrl-C", async () => {
    const server = await serve()
    const log = follow(here())
    await log.until("stdout", /was made by the server as it started\n/)
    await device(server.link, "connect", "-", "--label", "laptop")
    assert.isBelow(await log.until("stdout", /laptop \(\w{12}\) paired with link/), soon)
    await device("AAAA-AAAA-AAAA", "connect", server.address, "--token-file", "-")
    assert.isBelow(await log.until("stdout", /1 unknown pairing token from 127\.0\.0\.1\n/), soon)
    log.child.kill("SIGINT")
    assert.strictEqual(await log.ended, 130)
    assert.strictEqual(log.all.stderr, "")
    assert.notMatch(log.all.stdout, secret)
  })

  it("survives restarts, in good order and by kill -9, with nothing lost and nothing twice", async () => {
    const first = await serve("--no-token")
    const log = follow(here(), "--json")
    await told(log, 1)
    await first.stop()
    await log.until("stderr", /the server went away; waiting for it\.\n/)
    await owner("auth", "pairing", "create", "--label", "offline")
    assert.isBelow(await log.until("stdout", /"seq":3\b/), soon)
    const second = await serve("--no-token")
    await log.until("stderr", /a server runs; going on with what it does\.\n/)
    await owner("auth", "pairing", "create", "--label", "online")
    assert.isBelow(await log.until("stdout", /"seq":4\b/), soon)
    await second.stop("SIGKILL")
    const third = await serve()
    await device(third.link, "connect", "-")
    assert.isBelow(await log.until("stdout", /pairing\.redeemed/), soon)
    const lines = log.all.stdout.trim().split("\n").map((line) => JSON.parse(line))
    const { items } = await json(owner("auth", "log", "--json"))
    assert.deepStrictEqual(lines, items)
    assert.strictEqual(lines.length, 6)
    // A server that is back at once was not away.
    assert.match(
      log.all.stderr,
      /^(t3: the server went away; waiting for it\.\nt3: a server runs; going on with what it does\.\n){1,2}$/
    )
  })

  it("waits where nothing is, makes nothing, and does not keep a server from starting", async () => {
    const log = follow(here(), "--limit", "0")
    await log.until("stderr", /no server answers now; waiting for one\.\n/)
    await new Promise((resolve) => setTimeout(resolve, 1200))
    assert.deepStrictEqual(readdirSync(folder.path), [])
    await serve()
    assert.isBelow(await log.until("stdout", /was made by the server as it started\n/), soon)
  })

  it("shows with --limit 0 and with --since only what is new", async () => {
    await owner("auth", "pairing", "create")
    await new Promise((resolve) => setTimeout(resolve, 1100))
    const logs = [follow(here(), "--limit", "0"), follow(here(), "--since", "1s")]
    await Promise.all(logs.map((log) => log.until("stderr", /waiting for one/)))
    await owner("auth", "session", "issue", "--label", "backup", "--print-token")
    for (const log of logs) {
      await log.until("stdout", /\n/)
      assert.match(log.all.stdout, /^\S+ \S+ {2}backup \(\w+\) was let in without a link by the command line\n$/)
    }
  })

  it("follows a saved environment, and ends with 4 when its session is revoked", async () => {
    const server = await serve()
    await device(server.link, "connect", "-", "--label", "laptop")
    const log = follow(there(), "--env", "box")
    await log.until("stdout", /laptop \(\w{12}\) paired with link/)
    await owner("auth", "pairing", "create")
    assert.isBelow(await log.until("stdout", /made by the command line\n/), soon)
    const { items } = await json(owner("auth", "session", "list", "--json"))
    assert.strictEqual(items[0].connections, 1)
    await owner("auth", "session", "revoke", items[0].id)
    assert.strictEqual(await log.ended, 4)
    assert.match(log.all.stderr, /^t3: The session was revoked\.\n {4}\S/)
    assert.notMatch(log.all.stdout + log.all.stderr, secret)
  })

  it("comes back to a saved environment that was out of reach", async () => {
    const server = await serve()
    await device(server.link, "connect", "-", "--label", "laptop")
    const log = follow(there(), "--env", "box", "--json")
    await told(log, 3)
    await server.stop()
    await log.until("stderr", /the server went away/)
    await owner("auth", "pairing", "create")
    await serve("--no-token", "--port", new URL(server.address).port)
    await log.until("stderr", /a server runs/)
    await log.until("stdout", /"seq":5\b/)
    const lines = log.all.stdout.trim().split("\n").map((line) => JSON.parse(line))
    assert.deepStrictEqual(lines, (await json(owner("auth", "log", "--json"))).items)
  })
})
