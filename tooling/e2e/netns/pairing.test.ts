/** The main job, end to end, as two machines: one serves, the other pairs, and the first has the last word. */
import { readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { assert, beforeAll, describe, expect, it } from "vitest"
import * as Screen from "../src/Screen.ts"
import { type Cable, connect } from "../support/Machine.ts"
import { mask } from "../support/mask.ts"
import { folder, serve, t3, terminal, text } from "../support/Person.ts"

let cable: Cable

beforeAll(async () => {
  cable = await connect()
  return cable.remove
})

/** The list of a machine's sessions, as programs read it. */
const sessions = async (baseDir: string): Promise<ReadonlyArray<{ readonly id: string }>> =>
  JSON.parse((await t3(cable.server, "auth", "session", "list", "--json", "--base-dir", baseDir)).stdout).items

/** The token that a machine keeps for the one environment it is paired with. */
const savedToken = (baseDir: string): string =>
  /"(t3s_[0-9a-z]+)"/.exec(readFileSync(join(baseDir, "environments.json"), "utf8"))?.[1] ?? assert.fail("no token")

const whoAmI = (token: string) =>
  cable.device.ask({
    headers: { authorization: `Bearer ${token}` },
    url: `http://${cable.server.addresses[0]}:3773/api/session`
  })

describe("another machine", () => {
  it("pairs, outlives a restart of the server, and is signed out by one command", async () => {
    const [home, away, tokens] = [folder(), folder(), folder()]
    const address = cable.server.addresses[0]
    const args = ["--host", address, "--base-dir", home, "--label", "my-workstation"]

    const screen = terminal(cable.server, "serve", ...args)
    await screen.until(/[█▀▄][^\n]*\n(?:\S* {37,}\S*\r\n){2}$/)
    const lines = screen.lines()
    const link = /^Pairing link +(\S+)$/m.exec(lines.join("\n"))?.[1]
    expect(mask(lines.slice(0, 4).join("\n"))).toMatchInlineSnapshot(`
      "T3 is ready: my-workstation
      Connection string  http://10.77.3.1:3773
      Pairing token      <token>          owner · expires in 5 min · works once
      Pairing link       http://10.77.3.1:3773/pair#t=<token>"
    `)
    for (const theme of Object.values(Screen.themes)) assert.strictEqual(screen.scan(theme), link)

    const tokenFile = join(tokens, "token.txt")
    writeFileSync(tokenFile, /^Pairing token +(\S+)/m.exec(lines.join("\n"))?.[1] ?? "", { mode: 0o600 })
    const target = [`http://${address}:3773`, "--token-file", tokenFile]
    const laptop = ["--label", "laptop", "--base-dir", away]
    const paired = await t3(cable.device, "connect", ...target, "--insecure", ...laptop)
    assert.strictEqual(paired.stderr, "")
    expect(mask(paired.stdout)).toMatchInlineSnapshot(`
      "Paired with my-workstation as owner. Saved as "my-workstation".
      "
    `)
    assert.strictEqual(paired.code, 0)

    const list = await t3(cable.server, "auth", "session", "list", "--base-dir", home)
    expect(mask(list.stdout)).toMatchInlineSnapshot(`
      "ID            DEVICE  KIND        ROLE   CONNECTED  LAST USED  EXPIRES
      <id>          laptop  cli, linux  owner  -          now        in 30 d
      "
    `)

    screen.pty.kill("SIGTERM")
    assert.strictEqual(await screen.ended, 0)
    const unreachable = await t3(cable.device, "env", "status", "my-workstation", "--base-dir", away)
    assert.strictEqual(unreachable.code, 6)
    const again = await serve(cable.server, ...args, "--no-token")
    expect(again.output().stdout).toMatchInlineSnapshot(`
      "T3 is ready: my-workstation
      Connection string  http://10.77.3.1:3773
      "
    `)

    const connected = await t3(cable.device, "env", "status", "my-workstation", "--base-dir", away)
    expect(connected.stdout).toMatchInlineSnapshot(`
      "connected to my-workstation as owner at http://10.77.3.1:3773
      "
    `)
    assert.strictEqual(connected.code, 0)
    const token = savedToken(away)
    assert.strictEqual((await whoAmI(token)).status, 200)

    const [session] = await sessions(home)
    const prefix = session?.id.slice(0, 5) ?? ""
    const revoked = await t3(cable.server, "auth", "session", "revoke", prefix, "--base-dir", home)
    const first = await whoAmI(token)
    expect(mask(revoked.stdout)).toMatchInlineSnapshot(`
      "Revoked <id>         (laptop).
      "
    `)
    assert.strictEqual(first.status, 401)
    assert.strictEqual(JSON.parse(first.body ?? "")._tag, "SessionRevoked")

    const status = await t3(cable.device, "env", "status", "my-workstation", "--base-dir", away)
    expect(`${status.stdout}${status.stderr}`).toMatchInlineSnapshot(`
      "signed out: the session was revoked
          Pair again: t3 connect
      "
    `)
    assert.strictEqual(status.code, 4)
    const nobody = await t3(cable.server, "auth", "session", "list", "--base-dir", home)
    expect(nobody).toMatchInlineSnapshot(`
      {
        "code": 0,
        "stderr": "No device is signed in. Make a link: t3 auth pairing create
      ",
        "stdout": "",
      }
    `)
  })

  it("is asked for the link at a terminal, and whether the network is to be trusted", async () => {
    const [home, away] = [folder(), folder()]
    const [address] = cable.server.addresses
    const server = await serve(cable.server, "--host", address, "--base-dir", home, "--label", "my-workstation")
    const link = /^Pairing link +(\S+)$/m.exec(server.output().stdout)?.[1] ?? assert.fail("no link")

    const declined = terminal(cable.device, "connect", "--base-dir", away)
    await declined.until(/Pairing link \(or address\): /)
    declined.pty.write(`${link}\r`)
    await declined.until(/trust this network\? \[y\/N\]/)
    declined.pty.write("\r")
    assert.strictEqual(await declined.ended, 5)

    const screen = terminal(cable.device, "connect", "--label", "laptop", "--base-dir", away)
    await screen.until(/Pairing link \(or address\): /)
    screen.pty.write(`${link}\r`)
    await screen.until(/trust this network\? \[y\/N\]/)
    screen.pty.write("y\r")
    assert.strictEqual(await screen.ended, 0)
    expect(mask(text(screen))).toMatchInlineSnapshot(`
      "Pairing link (or address): http://10.77.3.1:3773/pair#t=<token>
      t3: http://10.77.3.1:3773 is plain HTTP and no tailnet address: anyone on the wa
      y could read the token and take the session.
      Do you trust this network? [y/N] y
      Paired with my-workstation as owner. Saved as "my-workstation"."
    `)
    assert.lengthOf(await sessions(home), 1)
  })

  it("needs no terminal, but has to say that plain HTTP is meant", async () => {
    const [home, away] = [folder(), folder()]
    const [address] = cable.server.addresses
    const server = await serve(cable.server, "--host", address, "--base-dir", home, "--label", "my-workstation")
    const link = /^Pairing link +(\S+)$/m.exec(server.output().stdout)?.[1] ?? assert.fail("no link")
    const refused = await t3(cable.device, "connect", link, "--base-dir", away)
    expect(mask(refused.stderr)).toMatchInlineSnapshot(`
      "t3: http://10.77.3.1:3773 is plain HTTP and no tailnet address: anyone on the way could read the token and take the session.
          Use the machine's tailnet address or https; or, if you trust the network, add --insecure.
      "
    `)
    assert.strictEqual(refused.code, 5)
    assert.strictEqual(refused.stdout, "")
    const paired = await t3(cable.device, "connect", link, "--insecure", "--base-dir", away)
    assert.strictEqual(paired.code, 0)
    const used = await t3(cable.device, "connect", link, "--insecure", "--base-dir", folder())
    expect(mask(used.stderr)).toMatchInlineSnapshot(`
      "t3: This pairing link was already used. A link works once.
          Make a new link on the machine with \`t3 auth pairing create\`.
      "
    `)
    assert.strictEqual(used.code, 4)
  })
})
