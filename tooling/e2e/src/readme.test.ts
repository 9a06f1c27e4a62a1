/** The README is true: its commands run as they are written, in their order, and print what it shows. */
import { type ChildProcess, spawn } from "node:child_process"
import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs"
import { createRequire } from "node:module"
import { dirname, join } from "node:path"
import { afterAll, assert, describe, it } from "vitest"
import * as Program from "./Program.ts"
import { type Block, blocksOf, idsOf, linksOf, masked } from "./Readme.ts"
import * as Screen from "./Screen.ts"

const root = join(dirname(createRequire(import.meta.url).resolve("t3/package.json")), "../..")
const here = Program.temporaryFolder()
const readme = readFileSync(join(root, "README.md"), "utf8")

/** A shell as its reader has it, but for the data directory and the port, which are free, and for what npm says of itself. */
const environment = (): NodeJS.ProcessEnv => ({
  ...Object.fromEntries(Object.entries(Program.cleanEnv()).filter(([name]) => !name.startsWith("npm_"))),
  npm_config_loglevel: "error",
  npm_config_progress: "false",
  T3_HOME: join(here.path, "home"),
  T3_PORT: "0"
})

/** What the README names and this run has in its place. */
const known = new Map([
  ["--port 4000", "--port 0"],
  ["./data", join(here.path, "data")],
  ["packages/client/pair.mjs", join(here.path, "pair.mjs")]
])

const adapted = (command: string): string => {
  const replaced = Array.from(known).reduce((text, [from, to]) => text.replaceAll(from, to), command)
  return replaced.replace(/\b[0-9a-z]{3,11}\b/g, (word) => {
    const whole = Array.from(known.keys()).find((key) => /^[0-9a-z]{12}$/.test(key) && key.startsWith(word))
    return known.get(whole ?? "")?.slice(0, word.length) ?? word
  })
}

/** Checks what was printed, and learns which id stands for which. */
const compare = (block: Block, printed: string): void => {
  if (block.output === undefined) return
  assert.strictEqual(masked(printed), masked(block.output))
  const actual = idsOf(printed)
  idsOf(block.output).forEach((shown, index) => known.set(shown, actual[index] ?? ""))
}

let server: ChildProcess | undefined
let token = ""

/** Ends the server and whatever started it: they are one process group, of which we know the leader. */
const stop = async (): Promise<void> => {
  const running = server
  server = undefined
  if (running?.pid === undefined || running.exitCode !== null) return
  const ended = new Promise((resolve) => running.once("close", resolve))
  process.kill(-running.pid, "SIGTERM")
  await ended
}

const start = async (block: Block): Promise<void> => {
  await stop()
  const child = spawn("sh", ["-c", `exec ${adapted(block.text)}`], { cwd: root, detached: true, env: environment() })
  server = child
  let printed = ""
  let said = ""
  child.stderr.setEncoding("utf8").on("data", (text: string) => said += text)
  await new Promise<void>((resolve, reject) => {
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      printed += text
      if (/^No QR code.*\n/m.test(printed)) resolve()
    })
    child.on("close", (code) => reject(new Error(`It ended with ${code}:\n${printed}${said}`)))
  })
  compare(block, printed)
  const address = /127\.0\.0\.1:\d+/.exec(printed)?.[0] ?? ""
  known.set("127.0.0.1:3773", address)
  token = /^Pairing token +(\S+)/m.exec(printed)?.[1] ?? ""
  assert.strictEqual((await fetch(`http://${address}/health`)).status, 200)
}

const run = async (block: Block, code: number): Promise<void> => {
  const child = spawn("sh", ["-c", `exec 2>&1\n${adapted(block.text)}`], { cwd: root, env: environment() })
  let printed = ""
  child.stdin.end()
  child.stdout.setEncoding("utf8").on("data", (text: string) => printed += text)
  const ended = await new Promise((resolve) => child.on("close", resolve))
  compare(block, printed)
  assert.strictEqual(ended, code, printed)
}

const typeToken = async (block: Block): Promise<void> => {
  const command = `cd '${root}' && exec ${adapted(block.text)}`
  const screen = Screen.open(["sh", "-c", command], { columns: 120, rows: 24 }, environment())
  await screen.until(/Pairing token: /)
  screen.pty.write(`${token}\r`)
  assert.strictEqual(await screen.ended, 0, screen.raw())
  compare(block, screen.lines().join("\n"))
}

/** The package as an installation has it; Node finds its dependencies from where it really is. */
const save = (block: Block, name: string): void => {
  mkdirSync(join(here.path, "node_modules/@t3"), { recursive: true })
  symlinkSync(join(root, "packages/client"), join(here.path, "node_modules/@t3/client"))
  writeFileSync(join(here.path, name), block.text)
}

const perform = (block: Block): Promise<void> | void => {
  const [what, how = ""] = block.note.split(": ")
  if (what === "save as") return save(block, how)
  if (how === "until ready") return start(block)
  if (how === "types the token") return typeToken(block)
  return run(block, Number(/^exit code (\d+)$/.exec(how)?.[1] ?? 0))
}

afterAll(async () => {
  await stop()
  here.remove()
})

describe("README", () => {
  const blocks = blocksOf(readme)

  for (const block of blocks.filter(({ note }) => /^(run|save as)\b/.test(note))) {
    it(`${block.note}: ${block.text.trim().split("\n")[0]}`, { timeout: 180_000 }, () => perform(block))
  }

  it("runs every command, or says why not", () => {
    const silent = blocks.filter(({ language, note }) => language === "sh" && !/^(run\b|not run: )/.test(note))
    assert.deepStrictEqual(silent.map(({ text }) => text), [])
    assert.isAbove(blocks.filter(({ note }) => note.startsWith("run")).length, 5)
  })
})

describe("links in the documentation", () => {
  const guides = ["docs", "docs/guide", "docs/adr"].flatMap((folder) =>
    readdirSync(join(root, folder)).filter((name) => name.endsWith(".md")).map((name) => join(folder, name))
  )

  for (const file of ["README.md", "CONTRIBUTING.md", ...guides]) {
    it(`${file} leads to files that are there`, () => {
      const links = linksOf(readFileSync(join(root, file), "utf8"))
      assert.deepStrictEqual(links.filter((link) => !existsSync(join(root, dirname(file), link))), [])
    })
  }
})
