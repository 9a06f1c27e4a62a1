/** The main job between two machines that reach each other over a network, not over loopback. */
import { afterEach, assert, beforeEach, describe, it } from "vitest"
import * as Namespaces from "./Namespaces.ts"
import * as Program from "./Program.ts"

let machines: ReturnType<typeof Namespaces.make>
let here: ReturnType<typeof Program.temporaryFolder>
let there: ReturnType<typeof Program.temporaryFolder>
const servers: Array<Program.Running> = []

beforeEach(() => {
  machines = Namespaces.make()
  here = Program.temporaryFolder()
  there = Program.temporaryFolder()
})

afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.stop("SIGKILL")))
  machines.remove()
  here.remove()
  there.remove()
})

const serve = async (...args: ReadonlyArray<string>) => {
  const server = await Program.serve(
    ["--base-dir", here.path, "--label", "my-workstation", "--host", machines.a.address, ...args],
    { env: { T3_PORT: "3773" }, wrapper: machines.a.wrapper }
  )
  servers.push(server)
  return server
}

/** A command on the server's machine, and one on the other. */
const onA = (...args: ReadonlyArray<string>) =>
  Program.t3([...args, "--base-dir", here.path], { wrapper: machines.a.wrapper })
const onB = (input: string, ...args: ReadonlyArray<string>) =>
  Program.t3([...args, "--base-dir", there.path], { input, wrapper: machines.b.wrapper })

describe("pairing over a network", () => {
  it("goes from the printed link to a session that survives a restart and ends when it is revoked", async () => {
    const first = await serve()
    assert.strictEqual(first.address, "http://10.77.0.1:3773")
    assert.match(first.output().stdout, /No QR code: this is no terminal\.\n$/)

    const careful = await onB(first.link, "connect", "-")
    assert.strictEqual(careful.code, 5)
    assert.match(careful.stderr, /10\.77\.0\.1:3773 is plain HTTP[^]*--insecure/)
    const paired = await onB(first.link, "connect", "-", "--insecure", "--label", "laptop")
    assert.strictEqual(paired.stdout, "Paired with my-workstation as owner. Saved as \"my-workstation\".\n")

    await first.stop()
    await serve("--no-token")
    const status = await onB("", "env", "status", "my-workstation")
    assert.strictEqual(status.stdout, "connected to my-workstation as owner at http://10.77.0.1:3773\n")

    const { items } = JSON.parse((await onA("auth", "session", "list", "--json")).stdout)
    assert.strictEqual(items[0].device.label, "laptop")
    assert.strictEqual((await onA("auth", "session", "revoke", items[0].id.slice(0, 6))).code, 0)
    const after = await onB("", "env", "status", "my-workstation")
    assert.strictEqual(after.stdout, "signed out: the session was revoked\n")
    assert.strictEqual(after.code, 4)
  })

  it("binds the named address and no other: not even loopback", async () => {
    await serve()
    const probe = (address: string) =>
      Program.t3(["connect", "-", "--insecure", "--base-dir", there.path], {
        input: `http://${address}:3773/pair#t=K7QX2M9PHTRD`,
        wrapper: machines.a.wrapper
      })
    assert.match((await probe("127.0.0.1")).stderr, /does not answer: the connection was refused/)
    assert.match((await probe(machines.a.address)).stderr, /No pairing link has this token/)
  })
})
