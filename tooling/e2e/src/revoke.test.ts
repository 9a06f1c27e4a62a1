/** Signing devices out: one, several, all, and all but one's own; asked about where more than one ends. */
import { existsSync } from "node:fs"
import { join } from "node:path"
import { afterEach, assert, beforeEach, describe, it } from "vitest"
import * as Program from "./Program.ts"
import * as Screen from "./Screen.ts"

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

const serve = async (...args: ReadonlyArray<string>) => {
  const server = await Program.serve(["--base-dir", here(), "--label", "box", ...args])
  ends.push(() => server.stop("SIGKILL"))
  return server
}

/** A command on the server's machine, and one on another, named by its folder. */
const owner = (...args: ReadonlyArray<string>) => Program.t3([...args, "--base-dir", here()])
const on = (name: string, ...args: ReadonlyArray<string>) =>
  Program.t3([...args, "--base-dir", join(folder.path, name)])

const asked = (...args: ReadonlyArray<string>) => {
  const opened = Screen.open([process.execPath, Program.file, ...args, "--base-dir", here()], {
    columns: 200,
    rows: 30
  })
  ends.push(async () => {
    opened.pty.kill("SIGKILL")
    await opened.ended
  })
  return opened
}

/** Pairs that machine; `by` makes the link. Gives its session's id. */
const pair = async (name: string, by: Promise<Program.Result>): Promise<string> => {
  const { pairingLink } = JSON.parse((await by).stdout)
  const paired = await Program.t3(["connect", "-", "--label", name, "--base-dir", join(folder.path, name)], {
    input: pairingLink
  })
  assert.strictEqual(paired.code, 0, paired.stderr)
  return idOf(name)
}

const link = () => owner("pair", "--role", "owner", "--json")

interface Listed {
  readonly id: string
  readonly device: { readonly label: string }
}

const sessions = async (): Promise<ReadonlyArray<Listed>> =>
  JSON.parse((await owner("auth", "session", "list", "--json")).stdout).items

const idOf = async (label: string) =>
  (await sessions()).find(({ device }) => device.label === label)?.id ?? assert.fail(label)

const labels = async () => (await sessions()).map(({ device }) => device.label).toSorted()

/** Sessions without a device, for what does not need one. */
const issue = async (...names: ReadonlyArray<string>): Promise<ReadonlyArray<string>> => {
  const ids: Array<string> = []
  for (const name of names) {
    const issued = JSON.parse((await owner("auth", "session", "issue", "--label", name, "--json")).stdout)
    ids.push(issued.session.id)
  }
  return ids
}

const revoke = (...args: ReadonlyArray<string>) => owner("auth", "session", "revoke", ...args)

describe("t3 auth session revoke", () => {
  it("ends several at once, each named as one likes, and one that is named twice once", async () => {
    const [a = "", b = "", c = ""] = await issue("ann", "ben", "cem")
    const prefixes = [a, b.slice(0, 9).toUpperCase(), a.slice(0, 10), b]
    const { code, stderr, stdout } = await revoke(...prefixes, "--yes")
    assert.deepStrictEqual([code, stderr, stdout], [0, "", `Revoked ${a} (ann).\nRevoked ${b} (ben).\n`])
    assert.deepStrictEqual(await labels(), ["cem"])
    const twice = await revoke(c, c.slice(0, 8))
    assert.deepStrictEqual([twice.code, twice.stderr, twice.stdout], [0, "", `Revoked ${c} (cem).\n`])
  })

  it("changes nothing if one of the ids is wrong, ended or given beside --all, or none is there", async () => {
    const [a = "", b = "", gone = ""] = await issue("ann", "ben", "cem")
    await revoke(gone)
    for (
      const [args, code, reason] of [
        [[a, "uuu", "--yes"], 3, /No session has an id that begins with "uuu"/],
        [[a, "no id!", "--yes"], 2, /"no id!" is no id of a session/],
        [[a, gone, "--yes"], 3, /The session \w+ \(cem\) is revoked already\.\n {4}Nothing was revoked\./],
        [[a, "--all", "--yes"], 2, /Ids and --all do not go together/],
        [[], 2, /There is no id of a session to revoke/],
        [[a, b], 2, /needs a yes before 2 sessions may end, and no terminal is there to ask\.\n {4}.*--yes/],
        [[a, "--with-issued"], 2, /needs a yes before 1 session may end/],
        [["--all"], 2, /needs a yes before 2 sessions may end/],
        [["--all", "--json"], 2, /needs a yes/]
      ] as const
    ) {
      const refused = await revoke(...args)
      assert.deepStrictEqual([refused.code, refused.stdout], [code, ""], args.join(" "))
      assert.match(refused.stderr, reason)
    }
    assert.deepStrictEqual(await labels(), ["ann", "ben"])
  })

  it("has one document for one id, and a list for several and for --all", async () => {
    const [a = "", b = "", c = ""] = await issue("ann", "ben", "cem")
    const nothingElse = { connectionsClosed: 0, linksRevoked: 0, sessionsPairedFromThem: 0 }
    const document = async (...args: ReadonlyArray<string>) => JSON.parse((await revoke(...args, "--json")).stdout)
    assert.deepStrictEqual(await document(a), { sessions: [a], ...nothingElse })
    assert.deepStrictEqual(await document(b, c, "--yes"), {
      revocations: [{ sessions: [b], ...nothingElse }, { sessions: [c], ...nothingElse }]
    })
    assert.deepStrictEqual(await document("--all", "--yes"), { revocations: [] })
  })

  it("asks on a terminal, showing whom; nothing but yes is yes, and meanwhile a server can start", async () => {
    const [a = "", b = ""] = await issue("ann", "ben")
    const question = new RegExp(`Revoke 2 sessions: ann \\(${a}\\), ben \\(${b}\\)\\? \\[y/N\\] `)
    const no = asked("auth", "session", "revoke", a, b)
    await no.until(question)
    const server = await serve()
    no.pty.write("\r")
    assert.strictEqual(await no.ended, 1)
    assert.match(no.raw(), /t3: Nothing was revoked\.\r\n/)
    assert.deepStrictEqual(await labels(), ["ann", "ben"])

    const left = asked("auth", "session", "revoke", "--all")
    await left.until(/Revoke 2 sessions: .*\[y\/N\] /)
    left.pty.write("\u0003")
    assert.strictEqual(await left.ended, 130)

    const yes = asked("auth", "session", "revoke", a, b)
    await yes.until(question)
    await server.stop()
    yes.pty.write("y\r")
    assert.strictEqual(await yes.ended, 0)
    assert.match(yes.raw(), new RegExp(`Revoked ${a} \\(ann\\)\\.\\r\\nRevoked ${b} \\(ben\\)\\.`))
    assert.deepStrictEqual(await labels(), [])
  })

  it("asks nothing before a single session ends", async () => {
    const [a = ""] = await issue("ann")
    const one = asked("auth", "session", "revoke", a)
    assert.strictEqual(await one.ended, 0)
    assert.notInclude(one.raw(), "[y/N]")
  })

  it("ends with --with-issued also those that came from it, and shows them before", async () => {
    await serve()
    const laptop = await pair("laptop", link())
    const phone = await pair(
      "phone",
      on("laptop", "auth", "pairing", "create", "--role", "owner", "--env", "box", "--json")
    )
    const tablet = await pair("tablet", on("phone", "auth", "pairing", "create", "--env", "box", "--json"))
    const other = await pair("other", link())
    await revoke(phone)
    const screen = asked("auth", "session", "revoke", tablet, laptop, "--with-issued")
    await screen.until(/Revoke 2 sessions: tablet \(\w+\), laptop \(\w+\)\? \[y\/N\] /)
    screen.pty.write("yes\r")
    assert.strictEqual(await screen.ended, 0)
    for (const id of [laptop, tablet]) assert.include(screen.raw(), `Revoked ${id} (`)
    assert.strictEqual((await on("tablet", "env", "status", "box")).code, 4)
    assert.strictEqual((await on("other", "env", "status", "box")).code, 0)
    assert.deepStrictEqual((await sessions()).map(({ id }) => id), [other])
  })

  it("closes what a session has open, and says so; the list shows who is connected", async () => {
    const server = await serve()
    const issued = JSON.parse((await owner("auth", "session", "issue", "--label", "ann", "--json")).stdout)
    const headers = { authorization: `Bearer ${issued.sessionToken}` }
    const open = () => fetch(`${server.address}/api/events`, { headers })
    const streams = [await open()]
    const list = async () => (await owner("auth", "session", "list")).stdout.replace(/^\w{12}/m, "ID")
    assert.match(
      await list(),
      /^ID {12}DEVICE {2}KIND {4}ROLE {4}CONNECTED {2}LAST USED {2}EXPIRES\nID {2}ann {5}script {2}member {2}yes {8}now {8}in 30 d\n$/
    )
    streams.push(await open())
    assert.match(await list(), /2 connections {2}now/)
    const { stdout } = await revoke(issued.session.id)
    assert.strictEqual(stdout, `Revoked ${issued.session.id} (ann).\nClosed 2 connections.\n`)
    const read = await Promise.allSettled(streams.map((stream) => stream.text()))
    assert.strictEqual(read.length, 2)
    assert.strictEqual((await open()).status, 401)
  })

  it("ends every session with --all, one's own too", async () => {
    await serve()
    await pair("laptop", link())
    await pair("phone", link())
    await issue("script")
    const revoked = await on("laptop", "auth", "session", "revoke", "--all", "--yes", "--env", "box")
    assert.strictEqual(revoked.code, 0, revoked.stderr)
    const lines = revoked.stdout.trim().split("\n")
    assert.sameMembers(lines.map((line) => /\((\w+)\)/.exec(line)?.[1]), ["script", "phone", "laptop"])
    assert.deepStrictEqual(await labels(), [])
    const none = await revoke("--all")
    assert.deepStrictEqual([none.code, none.stdout, none.stderr], [0, "", "No device is signed in.\n"])
  })
})

describe("t3 auth session revoke-others", () => {
  it("leaves only this machine's session there, and none here, where it has none", async () => {
    await serve()
    const laptop = await pair("laptop", link())
    const phone = await pair("phone", link())
    const others = (...args: ReadonlyArray<string>) =>
      on("laptop", "auth", "session", "revoke-others", "--env", "box", ...args)
    const unasked = await others()
    assert.strictEqual(unasked.code, 2)
    assert.match(unasked.stderr, /needs a yes before 1 session may end/)
    const here = await owner("auth", "session", "revoke-others", "--yes")
    assert.strictEqual(here.code, 2)
    assert.match(here.stderr, /--env/)
    assert.deepStrictEqual(await labels(), ["laptop", "phone"])
    const done = await others("--yes")
    assert.deepStrictEqual([done.code, done.stdout], [0, `Revoked ${phone} (phone).\n`])
    assert.deepStrictEqual((await sessions()).map(({ id }) => id), [laptop])
    const again = await others("--json")
    assert.deepStrictEqual([again.code, again.stderr], [0, "No other device is signed in.\n"])
    assert.deepStrictEqual(JSON.parse(again.stdout).sessions, [])
  })
})

describe("t3 pair", () => {
  it("makes a link that works, and nothing at all where no server runs", async () => {
    const refused = await owner("pair")
    assert.deepStrictEqual([refused.code, refused.stdout], [3, ""])
    assert.match(refused.stderr, /^t3: No server runs in \S+here\.\n {4}.*t3 serve/)
    assert.isFalse(existsSync(here()))
    await issue("script")
    assert.strictEqual((await owner("pair", "--json")).code, 3)
    assert.strictEqual((await owner("auth", "pairing", "list", "--all", "--json")).stdout, "{\"items\":[]}\n")
    const server = await serve("--no-token")
    const made = await owner("pair", "--role", "viewer", "--ttl", "1h", "--label", "Ana")
    assert.match(made.stdout, /^Connection string .*\nPairing token {6}\S{14} {3}viewer · expires in 1 h · /)
    assert.include(made.stdout, `Pairing link       ${server.address}/pair#t=`)
    await pair("phone", owner("pair", "--json"))
    assert.deepStrictEqual(await labels(), ["phone", "script"])
  })
})
