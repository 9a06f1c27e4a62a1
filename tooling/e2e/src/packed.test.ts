/** `@t3/client` as strangers get it: packed, installed in an empty folder outside the workspace, used from plain JavaScript. */
import { execFile, spawn } from "node:child_process"
import { readdirSync, writeFileSync } from "node:fs"
import { createRequire } from "node:module"
import { dirname, join } from "node:path"
import { createInterface } from "node:readline"
import { promisify } from "node:util"
import { afterAll, assert, beforeAll, it } from "vitest"
import * as Program from "./Program.ts"

const execute = promisify(execFile)
const root = join(dirname(createRequire(import.meta.url).resolve("t3/package.json")), "../..")
const here = Program.temporaryFolder()
const consumer = Program.temporaryFolder()

/** Pairs with the link on stdin, lists, waits for another line, and says how the next call fails. Nothing in it is of this workspace. */
const script = `
import { pair, T3Error } from "@t3/client/promise"
import { createInterface } from "node:readline"

const lines = createInterface(process.stdin)[Symbol.asyncIterator]()
const session = await pair((await lines.next()).value, { device: { kind: "script", label: "nightly build" } })
const sessions = await session.listSessions()
console.log(JSON.stringify({ id: session.sessionId, role: session.role, sessions: sessions.map((it) => it.device.label) }))
await lines.next()
try {
  await session.listSessions()
  console.log("still in")
} catch (error) {
  console.log(JSON.stringify({ isT3Error: error instanceof T3Error, code: error.code, hint: typeof error.hint }))
}
process.exit(0)
`

beforeAll(async () => {
  for (const name of ["protocol", "client"]) {
    const pnpm = join(root, "node_modules/.bin/pnpm")
    await execute(pnpm, ["pack", "--pack-destination", consumer.path], { cwd: join(root, "packages", name) })
  }
  const tarballs = readdirSync(consumer.path).filter((file) => file.endsWith(".tgz"))
  writeFileSync(join(consumer.path, "package.json"), JSON.stringify({ private: true, type: "module" }))
  const peers = ["effect@3.22.4", "@effect/platform@0.97.2"]
  const install = [
    "install",
    "--no-audit",
    "--no-fund",
    "--prefer-offline",
    ...tarballs.map((file) => `./${file}`),
    ...peers
  ]
  await execute("npm", install, { cwd: consumer.path })
  writeFileSync(join(consumer.path, "nightly.mjs"), script)
}, 180_000)

afterAll(() => {
  here.remove()
  consumer.remove()
})

it("pairs with a running server, lists its sessions, and is told when it is revoked", async () => {
  const server = await Program.serve(["--base-dir", here.path])
  const child = spawn(process.execPath, ["nightly.mjs"], {
    cwd: consumer.path,
    env: Program.cleanEnv(),
    stdio: ["pipe", "pipe", "inherit"]
  })
  try {
    child.stdin.write(`${server.link}\n`)
    const lines = createInterface(child.stdout)[Symbol.asyncIterator]()
    const paired = JSON.parse((await lines.next()).value)
    assert.deepStrictEqual([paired.role, paired.sessions], ["owner", ["nightly build"]])
    const revoked = await Program.t3(["auth", "session", "revoke", paired.id, "--base-dir", here.path])
    assert.strictEqual(revoked.code, 0, revoked.stderr)
    child.stdin.write("go on\n")
    assert.deepStrictEqual(JSON.parse((await lines.next()).value), {
      code: "SessionRevoked",
      hint: "string",
      isT3Error: true
    })
  } finally {
    child.kill("SIGKILL")
    await server.stop()
  }
})
