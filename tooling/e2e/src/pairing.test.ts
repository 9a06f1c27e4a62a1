/** The main job from end to end: two machines, which are two processes with a data directory each. */
import { afterEach, assert, beforeEach, describe, it } from "vitest"
import * as Program from "./Program.ts"

let here: ReturnType<typeof Program.temporaryFolder>
let there: ReturnType<typeof Program.temporaryFolder>
const servers: Array<Program.Running> = []

beforeEach(() => {
  here = Program.temporaryFolder()
  there = Program.temporaryFolder()
})

afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.stop("SIGKILL")))
  here.remove()
  there.remove()
})

const serve = async (...args: ReadonlyArray<string>) => {
  const server = await Program.serve(["--base-dir", here.path, "--label", "my-workstation", ...args])
  servers.push(server)
  return server
}

/** A command on the server's machine, and one on the other side. */
const owner = (...args: ReadonlyArray<string>) => Program.t3([...args, "--base-dir", here.path])
const device = (input: string, ...args: ReadonlyArray<string>) =>
  Program.t3([...args, "--base-dir", there.path], { input })

/** Ids, secrets, ports and times, which differ from run to run. */
const masked = (text: string): string =>
  text
    .replaceAll(/\b[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4}\b/g, "TOKEN")
    .replaceAll(/#t=[0-9A-Z]{12}/g, "#t=TOKEN")
    .replaceAll(/\d{4}-\d\d-\d\d \d\d:\d\dZ/g, "TIME")
    .replaceAll(/\b[0-9a-hjkmnp-tv-z]{12}\b/g, "ID")
    .replaceAll(/127\.0\.0\.1:\d+/g, "ADDRESS")

const idOf = (table: string) => /^([0-9a-z]{12}) /m.exec(table)?.[1] ?? assert.fail(`no id in:\n${table}`)

describe("pairing two machines", () => {
  it("goes from the printed link to a session that survives a restart and ends when it is revoked", async () => {
    const first = await serve()
    assert.strictEqual(
      masked(first.output().stdout),
      `T3 is ready: my-workstation
Connection string  http://ADDRESS
Pairing token      TOKEN   owner · expires in 5 min · works once · treat it like a password
Pairing link       http://ADDRESS/pair#t=TOKEN
No QR code: this address works on this machine only; --host lets other devices in.
`
    )
    const paired = await device(first.link, "connect", "-", "--label", "laptop")
    assert.deepStrictEqual(paired, {
      code: 0,
      stderr: "",
      stdout: "Paired with my-workstation as owner. Saved as \"my-workstation\".\n"
    })

    const port = new URL(first.address).port
    assert.strictEqual((await first.stop()).code, 0)
    assert.deepStrictEqual((await device("", "env", "status", "my-workstation")).code, 6)
    const second = await serve("--port", port)
    assert.strictEqual(second.address, first.address)
    const status = await device("", "env", "status", "my-workstation")
    assert.strictEqual(masked(status.stdout), "connected to my-workstation as owner at http://ADDRESS\n")
    assert.strictEqual(status.code, 0)

    const list = await owner("auth", "session", "list")
    assert.match(
      masked(list.stdout),
      /^ID {12}DEVICE {2}KIND +ROLE {3}CONNECTED {2}LAST USED {2}EXPIRES\nID {2}laptop {2}cli, \w+ {2}owner {2}- {10}now {8}in 30 d\n$/
    )
    const id = idOf(list.stdout)
    const revoked = await owner("auth", "session", "revoke", id.slice(0, 5).toUpperCase())
    assert.deepStrictEqual(revoked, { code: 0, stderr: "", stdout: `Revoked ${id} (laptop).\n` })
    const after = await device("", "env", "status", "my-workstation")
    assert.strictEqual(after.stdout, "signed out: the session was revoked\n")
    assert.strictEqual(after.code, 4)
    assert.strictEqual((await owner("auth", "session", "revoke", id)).code, 3)
  })

  it("takes host and token apart, and replaces the session when the same machine pairs again", async () => {
    const server = await serve()
    const address = server.address.replace("http://", "")
    const again = async (token: string) =>
      (await device(token, "connect", address, "--token-file", "-", "--label", "laptop")).stdout
    assert.match(await again(server.token.toLowerCase().replaceAll("-", " ")), /^Paired with my-workstation as owner\./)
    const next = JSON.parse((await owner("auth", "pairing", "create", "--role", "viewer", "--json")).stdout)
    assert.match(
      await again(next.pairingToken),
      /^Paired with my-workstation as viewer\. Saved as "my-workstation"\.\n$/
    )
    const { items } = JSON.parse((await owner("auth", "session", "list", "--json")).stdout)
    assert.deepStrictEqual(items.map((item: { readonly role: string }) => item.role), ["viewer"])
    await owner("auth", "session", "revoke", items[0].id)
    const third = JSON.parse((await owner("auth", "pairing", "create", "--json")).stdout)
    assert.match(await again(third.pairingToken), /^Paired with my-workstation as member\./)
  })

  it("administers the same way while a server runs and when none does", async () => {
    const made = await owner("auth", "pairing", "create", "--label", "Ana's phone")
    assert.match(made.stdout, /^Pairing token {6}\S{14} {3}member · /)
    assert.match(made.stderr, /no server runs here now/)
    const server = await serve("--no-token")
    assert.strictEqual(masked(server.output().stdout).includes("TOKEN"), false)
    const token = /\S{14}(?= {3}member)/.exec(made.stdout)?.[0] ?? ""
    assert.strictEqual((await device(token, "connect", server.address, "--token-file", "-")).code, 0)
    const lists = async () => [
      (await owner("auth", "session", "list", "--all", "--json")).stdout,
      (await owner("auth", "pairing", "list", "--all", "--json")).stdout
    ]
    const running = await lists()
    await server.stop()
    assert.deepStrictEqual(await lists(), running)
    assert.strictEqual((await owner("auth", "session", "revoke", JSON.parse(running[0] ?? "").items[0].id)).code, 0)
    await serve("--port", new URL(server.address).port)
    assert.strictEqual((await device("", "env", "status", "my-workstation")).code, 4)
  })

  it("administers a saved environment from the other side, within the rights of its session", async () => {
    const server = await serve()
    await device(server.link, "connect", "-", "--label", "laptop")
    const remote = (...args: ReadonlyArray<string>) => device("", ...args, "--env", "my-workstation")
    const link =
      JSON.parse((await remote("auth", "pairing", "create", "--role", "viewer", "--json")).stdout).pairingLink
    const viewer = Program.temporaryFolder()
    const asViewer = (...args: ReadonlyArray<string>) =>
      Program.t3([...args, "--base-dir", viewer.path], { input: link })
    assert.match((await asViewer("connect", "-")).stdout, /as viewer/)
    const denied = await asViewer("auth", "session", "list", "--env", "my-workstation")
    assert.strictEqual(denied.code, 5)
    assert.match(denied.stderr, /^t3: .*access:read/)
    assert.match((await remote("auth", "session", "list")).stdout, /owner \(this one\)/)
    viewer.remove()
  })

  it("forgets an environment and signs out there, and says so if it cannot", async () => {
    const server = await serve()
    await device(server.link, "connect", "-")
    const renamed = await device("", "env", "rename", "my-workstation", "box")
    assert.strictEqual(renamed.stdout, "Renamed \"my-workstation\" to \"box\".\n")
    const forgotten = await device("", "env", "forget", "box")
    assert.deepStrictEqual(forgotten, { code: 0, stderr: "", stdout: "Forgot \"box\" and signed out there.\n" })
    assert.strictEqual((await owner("auth", "session", "list")).stdout, "")
    const { pairingLink } = JSON.parse((await owner("auth", "pairing", "create", "--json")).stdout)
    assert.strictEqual((await device(pairingLink, "connect", "-")).stderr, "")
    await server.stop()
    const alone = await device("", "env", "forget", "my-workstation")
    assert.strictEqual(alone.stdout, "Forgot \"my-workstation\".\n")
    assert.match(alone.stderr, /its session lives on there[^]*t3 auth session revoke [0-9a-z]{12}\n$/)
    assert.strictEqual((await device("", "env", "list")).stdout, "")
  })
})
