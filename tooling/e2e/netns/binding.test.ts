/** What `--host` opens, seen from another machine: exactly what it names, and nothing to a web page that is not ours. */
import { readdirSync } from "node:fs"
import { assert, beforeAll, describe, expect, it } from "vitest"
import { type Cable, connect } from "../support/Machine.ts"
import { mask } from "../support/mask.ts"
import { folder, serve, t3 } from "../support/Person.ts"

let cable: Cable

beforeAll(async () => {
  cable = await connect()
  return cable.remove
})

const port = 3773
const health = (address: string) => ({ url: `http://${address}:${port}/health` })

describe("t3 serve", () => {
  it("is for this machine only where no --host is given", async () => {
    await serve(cable.server, "--base-dir", folder())
    assert.sameMembers([...await cable.server.listening()], [`127.0.0.1:${port}`, `[::1]:${port}`])
    assert.strictEqual((await cable.server.ask(health("127.0.0.1"))).status, 200)
    for (const address of cable.server.addresses) {
      assert.deepStrictEqual(await cable.device.ask(health(address)), { code: "ECONNREFUSED" })
    }
  })

  it("listens on the address that --host names, and on no other of the machine", async () => {
    const [named, other] = cable.server.addresses
    await serve(cable.server, "--host", named, "--base-dir", folder())
    assert.deepStrictEqual(await cable.server.listening(), [`${named}:${port}`])
    assert.strictEqual((await cable.device.ask(health(named))).status, 200)
    assert.deepStrictEqual(await cable.device.ask(health(other)), { code: "ECONNREFUSED" })
    assert.deepStrictEqual(await cable.server.ask(health("127.0.0.1")), { code: "ECONNREFUSED" })
  })

  it("takes the name of an interface for its addresses", async () => {
    const server = await serve(cable.server, "--host", "lan0", "--base-dir", folder(), "--no-token")
    assert.include(await cable.server.listening(), `${cable.server.addresses[1]}:${port}`)
    assert.include(server.output().stdout, `http://${cable.server.addresses[1]}:${port}`)
    assert.notInclude(await cable.server.listening(), `${cable.server.addresses[0]}:${port}`)
  })

  it("prints the address of the default route for 0.0.0.0, though another interface comes first", async () => {
    const server = await serve(cable.server, "--host", "0.0.0.0", "--base-dir", folder(), "--label", "my-workstation")
    const { stdout } = server.output()
    expect(mask(stdout)).toMatchInlineSnapshot(`
      "T3 is ready: my-workstation
      Connection string  http://10.77.3.1:3773
      Pairing token      <token>          owner · expires in 5 min · works once · treat it like a password
      Pairing link       http://10.77.3.1:3773/pair#t=<token>
      Also at            http://10.77.4.1:3773
      No QR code: this is no terminal.
      "
    `)
    const printed = [...stdout.matchAll(/^(?:Connection string|Also at) +(\S+)$/gm)].map((match) => match[1] ?? "")
    assert.isNotEmpty(printed)
    for (const address of printed.filter((it) => !it.includes("127.0.0.1"))) {
      assert.strictEqual((await cable.device.ask({ url: `${address}/health` })).status, 200, address)
    }
  })

  it("opens nothing for an empty --host (design 9.2)", async () => {
    for (const host of ["", "  "]) {
      const home = folder()
      const refused = await t3(cable.server, "serve", "--host", host, "--base-dir", home)
      assert.strictEqual(refused.code, 2)
      assert.strictEqual(refused.stdout, "")
      assert.match(refused.stderr, /^t3: --host is empty/)
      assert.deepStrictEqual(await cable.server.listening(), [])
      assert.deepStrictEqual(readdirSync(home), [])
    }
  })

  it("refuses an address that is another machine's", async () => {
    const refused = await t3(cable.server, "serve", "--host", cable.device.addresses[0], "--base-dir", folder())
    assert.strictEqual(refused.code, 2)
    expect(refused.stderr).toMatchInlineSnapshot(`
      "t3: --host 10.77.3.2 is no address of this machine.
          Addresses of this machine: 127.0.0.1 (lo), ::1 (lo), 10.77.4.1 (lan0), 10.77.3.1 (lan1).
      "
    `)
  })
})

describe("a web page that is not ours (design 9.12, 9.13)", () => {
  it("reaches nothing under another Host, nor from another Origin", async () => {
    const [address, other] = cable.server.addresses
    await serve(cable.server, "--host", address, "--base-dir", folder())
    const ask = (headers: Record<string, string>) => cable.device.ask({ ...health(address), headers })
    const own = `${address}:${port}`
    const hosts = ["attacker.example", `attacker.example:${port}`, `${address}`, `${address}:80`, `${other}:${port}`]
    for (const host of [...hosts, `${own}.attacker.example`, `user@${own}`]) {
      const answer = await ask({ host })
      assert.strictEqual(answer.status, 421, `Host: ${host}`)
      assert.strictEqual(JSON.parse(answer.body ?? "")._tag, "HostNotAllowed")
      assert.strictEqual(answer.headers?.["x-content-type-options"], "nosniff")
    }
    for (const origin of ["http://attacker.example", `https://${own}`, `http://${address}:5173`, "null"]) {
      const answer = await ask({ origin })
      assert.strictEqual(answer.status, 403, `Origin: ${origin}`)
      assert.strictEqual(JSON.parse(answer.body ?? "")._tag, "OriginNotAllowed")
      assert.notProperty(answer.headers, "access-control-allow-origin")
    }
    assert.strictEqual((await ask({ host: own, origin: `http://${own}` })).status, 200)
  })
})
