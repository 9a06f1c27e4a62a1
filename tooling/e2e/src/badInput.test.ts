/** What bad input gets: a message that names the value and the next step, an exit code, and nothing changed. */
import Database from "better-sqlite3"
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync
} from "node:fs"
import { createServer as createHttpServer } from "node:http"
import { createServer, type Server, type Socket } from "node:net"
import { networkInterfaces } from "node:os"
import { join } from "node:path"
import { afterEach, assert, beforeEach, describe, it } from "vitest"
import * as Program from "./Program.ts"

let folder: ReturnType<typeof Program.temporaryFolder>
let baseDir: string
const ends: Array<() => Promise<unknown>> = []

beforeEach(() => {
  folder = Program.temporaryFolder()
  baseDir = join(folder.path, "data")
})

afterEach(async () => {
  for (const end of ends.splice(0)) await end()
  folder.remove()
})

/** Nobody's number on Debian, and nobody in particular elsewhere. */
const nobody = 65_534

const t3 = (...args: ReadonlyArray<string>) => Program.t3([...args, "--base-dir", baseDir])

/** Checks code and message; every refusal has a line of ours and, below it, what to do next. */
const refused = async (args: ReadonlyArray<string>, code: number, message: RegExp, input = "") => {
  const result = await Program.t3(args.includes("--base-dir") ? args : [...args, "--base-dir", baseDir], { input })
  assert.strictEqual(result.code, code, `${args.join(" ")}: ${result.stderr}`)
  assert.match(result.stderr, message)
  assert.match(result.stderr, /^t3: \S[^\n]*\n {4}\S/m, "a line, and the next step below")
  assert.notMatch(result.stderr, /\n {4}at |Error:/, "no stack")
  assert.strictEqual(result.stdout, "")
  return result
}

const listening = async (server: Server): Promise<number> => {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  const sockets = new Set<Socket>()
  server.on("connection", (socket) => sockets.add(socket.on("error", () => undefined)))
  ends.push(() => {
    sockets.forEach((socket) => socket.destroy())
    return new Promise((resolve) => server.close(resolve))
  })
  const address = server.address()
  return typeof address === "object" && address !== null ? address.port : 0
}

const serve = async (...args: ReadonlyArray<string>) => {
  const server = await Program.serve(["--base-dir", baseDir, ...args])
  ends.push(() => server.stop("SIGKILL"))
  return server
}

describe("flags of serve", () => {
  it("refuses an empty or blank host, and opens nothing (design 9.2)", async () => {
    for (const host of [["--host", ""], ["--host="], ["--host", "  "]]) {
      await refused(["serve", ...host], 2, /--host is empty/)
    }
    const result = await Program.t3(["serve", "--base-dir", baseDir], { env: { T3_HOST: "" } })
    assert.strictEqual(result.code, 2)
    assert.match(result.stderr, /T3_HOST is empty/)
    assert.isFalse(existsSync(baseDir))
  })

  it("refuses a host that is no address or name of this machine", async () => {
    for (const host of ["192.0.2.1", "no-such-host.invalid", "127.0.0.1:80", "http://127.0.0.1", "1.2.3.4.5"]) {
      await refused(["serve", "--port", "0", "--host", host], 2, new RegExp(host.replaceAll(/[.:/]/g, "\\$&")))
    }
  })

  it("refuses a port that is none, or is taken, and says by what", async () => {
    for (const port of ["65536", "-1", "http"])
      await refused(["serve", "--port", port], 2, new RegExp(`"${port}" is no port`))
    const port = await listening(createServer())
    await refused(["serve", "--port", String(port)], 7, new RegExp(`${port}.*(?:${process.pid}|node)`, "s"))
  })

  it("refuses a folder to work in that is none", async () => {
    writeFileSync(join(folder.path, "file"), "")
    for (const name of ["file", "missing"]) {
      await refused(["serve", "--port", "0", join(folder.path, name)], 2, new RegExp(`${folder.path}/${name}`))
    }
    assert.isFalse(existsSync(baseDir))
  })

  it("refuses flags and words that it does not know", async () => {
    await refused(["serve", "--prot", "1"], 2, /Did you mean --port\?/)
    await refused(["serv"], 2, /Did you mean `t3 serve`\?/)
    await refused(["serve", "a", "b"], 2, /no use for "b"/)
  })
})

describe("the data directory", () => {
  it("refuses one that is a file, or lies below one", async () => {
    const file = join(folder.path, "file")
    writeFileSync(file, "")
    for (const path of [file, join(file, "below")]) await refused(["serve", "--base-dir", path], 2, new RegExp(file))
  })

  it("refuses one that others can write to, and tightens one that they can only read", async () => {
    mkdirSync(baseDir)
    chmodSync(baseDir, 0o777)
    await refused(["serve", "--port", "0"], 5, /can be written by other users.*\n.*chmod 700/)
    assert.deepStrictEqual(readdirSync(baseDir), [])
    chmodSync(baseDir, 0o755)
    const server = await serve()
    assert.strictEqual(statSync(baseDir).mode & 0o777, 0o700)
    assert.match(server.output().stderr, /is now private \(0700\)/)
  })

  it("refuses one that is read-only, and one that belongs to another user", async () => {
    const root = process.getuid?.() === 0
    mkdirSync(baseDir)
    chmodSync(folder.path, 0o755)
    chmodSync(baseDir, 0o500)
    if (root) chownSync(baseDir, nobody, nobody)
    const args = ["serve", "--port", "0", "--base-dir", baseDir]
    const readOnly = await Program.t3(args, root ? { uid: nobody } : {})
    assert.strictEqual(readOnly.code, 5, readOnly.stderr)
    assert.match(readOnly.stderr, /is read-only\.\n {4}Choose another folder with --base-dir/)
    await refused(["serve", "--base-dir", root ? baseDir : "/"], 5, /belongs to another user \(uid \d+\)/)
    assert.deepStrictEqual(readdirSync(baseDir), [])
  })

  it("refuses a second server, and says who holds the first and how to pair with it (design 9.7)", async () => {
    const server = await serve()
    await refused(["serve", "--port", "0"], 7, new RegExp(`pid ${server.pid}.*${baseDir}.*\\n.*t3 pair`))
  })

  it("is not created by what only reads (design 9.20)", async () => {
    for (const args of [["auth", "session", "list"], ["auth", "pairing", "list", "--all"], ["env", "list"]]) {
      assert.strictEqual((await t3(...args)).code, 0)
    }
    await refused(["auth", "session", "revoke", "abc"], 3, /abc/)
    await refused(["env", "forget", "box"], 3, /box/)
    assert.isFalse(existsSync(baseDir))
  })
})

describe("the database", () => {
  const file = () => join(baseDir, "t3.db")

  /** Ready-made, so that there is something to spoil; another file beside it must stay as it is. */
  const prepared = async (spoil: (healthy: Buffer) => Buffer): Promise<Buffer> => {
    assert.strictEqual((await t3("auth", "pairing", "create")).code, 0)
    const database = new Database(file())
    database.pragma("wal_checkpoint(TRUNCATE)")
    database.close()
    const spoilt = spoil(readFileSync(file()))
    writeFileSync(file(), spoilt)
    writeFileSync(join(baseDir, "notes.txt"), "mine")
    return spoilt
  }

  const keeps = async (spoilt: Buffer, code: number, message: RegExp): Promise<void> => {
    for (const args of [["serve", "--port", "0"], ["auth", "session", "list"], ["auth", "pairing", "create"]]) {
      await refused(args, code, message)
      assert.isTrue(readFileSync(file()).equals(spoilt), "the database is as it was")
      assert.strictEqual(readFileSync(join(baseDir, "notes.txt"), "utf8"), "mine")
    }
  }

  it("is refused and kept if it is no database", async () => {
    await keeps(await prepared(() => Buffer.from("hello, this is no database at all".repeat(200))), 1, /t3\.db/)
  })

  it("is refused and kept if it is truncated", async () => {
    await keeps(await prepared((healthy) => healthy.subarray(0, healthy.length / 2)), 1, /t3\.db/)
  })

  it("is refused and kept if pages in it are damaged", async () => {
    await keeps(
      await prepared((healthy) => Buffer.concat([healthy.subarray(0, 4096), healthy.subarray(4096).fill(0x5a)])),
      1,
      /t3\.db/
    )
  })

  it("is refused and kept if it has no bytes at all", async () => {
    await keeps(await prepared(() => Buffer.alloc(0)), 1, /t3\.db/)
  })

  it("is refused and kept if a newer version made it", async () => {
    const newer = (healthy: Buffer) => {
      writeFileSync(file(), healthy)
      const database = new Database(file())
      const table = database.prepare("SELECT name FROM sqlite_master WHERE name LIKE 't3%migrations'").pluck().get()
      database.exec(`INSERT INTO ${table} (migration_id, name) VALUES (9999, 'of_a_later_version')`)
      database.pragma("wal_checkpoint(TRUNCATE)")
      database.close()
      return readFileSync(file())
    }
    await keeps(await prepared(newer), 8, /later version of t3/)
  })
})

describe("connect", () => {
  const connect = (code: number, message: RegExp, target: string) => refused(["connect", target], code, message)

  it("says of a token that it expired, was used, was revoked, or is mistyped", async () => {
    const server = await serve()
    const address = server.address
    const made = async (...args: ReadonlyArray<string>) =>
      JSON.parse((await t3("auth", "pairing", "create", "--json", ...args)).stdout)
    assert.strictEqual((await t3("connect", server.link)).code, 0)
    await connect(4, /already used/, server.link)
    const revoked = await made()
    assert.strictEqual((await t3("auth", "pairing", "revoke", revoked.id)).code, 0)
    await connect(4, /was revoked/, revoked.pairingLink)
    const expired = await made("--ttl", "1s")
    await new Promise((resolve) => setTimeout(resolve, 1100))
    await connect(4, /has expired/, expired.pairingLink)
    await connect(4, /No pairing link has this token/, `${address}/pair#t=0000000000ZZ`)
    await connect(2, /12 characters/, `${address}/pair#t=ABC`)
    await connect(2, /without U/, `${address}/pair#t=UUUUUUUUUUUU`)
    await refused(["auth", "pairing", "revoke", revoked.id], 7, /revoked|ended/)
  })

  it("says of an address that nothing answers there, or something else than T3", async () => {
    await connect(6, /does not answer: the connection was refused/, "http://127.0.0.1:1234/pair#t=K7QX2M9PHTRD")
    const html = createHttpServer((_, response) =>
      response.setHeader("content-type", "text/html").end("<h1>Router</h1>")
    )
    await connect(6, /not a T3 server/, `http://127.0.0.1:${await listening(html)}/pair#t=K7QX2M9PHTRD`)
    const mute = createServer((socket) => socket.end("SSH-2.0-OpenSSH_9.6\r\n"))
    await connect(6, /127\.0\.0\.1/, `http://127.0.0.1:${await listening(mute)}/pair#t=K7QX2M9PHTRD`)
  })

  it("refuses links that are none, without repeating a secret", async () => {
    for (
      const link of [
        "javascript:alert(1)#t=K7QX2M9PHTRD",
        "http://user:pass@127.0.0.1/pair#t=K7QX2M9PHTRD",
        "http://127.0.0.1/pair",
        "http://127.0.0.1/other#t=K7QX2M9PHTRD",
        "#t=K7QX2M9PHTRD"
      ]
    ) {
      const { stderr } = await connect(2, /^t3: /, link)
      assert.notMatch(stderr, /K7QX|user:pass/)
    }
    await refused(["connect", "127.0.0.1:1", "--token-file", join(folder.path, "none")], 3, /There is no file/)
    await refused(["connect", "-"], 2, /Stdin is empty/)
    assert.isFalse(existsSync(baseDir))
  })
})

describe("auth", () => {
  it("refuses a TTL that is no duration, negative or over the limit", async () => {
    for (
      const [ttl, message] of [["soon", /"soon" is no duration/], ["-5m", /too short/], ["0s", /too short/], [
        "25h",
        /too long.*\n.*24 hours/
      ]] as const
    ) {
      await refused(["auth", "pairing", "create", "--ttl", ttl], 2, message)
    }
    await refused(["auth", "pairing", "create", "--role", "boss"], 2, /"boss".*\n.*viewer, member, owner/)
    await refused(["auth", "pairing", "create", "--scope", "all"], 2, /"all".*\n.*noun:verb/)
    assert.isFalse(existsSync(baseDir))
  })

  it("refuses an unknown id with 3, an ambiguous beginning and what is no id with 2", async () => {
    // Soon two ids begin alike; with more of them than the alphabet has letters, in any case.
    const seen = new Set<string>()
    let first = ""
    while (!seen.has(first)) {
      seen.add(first)
      first = JSON.parse((await t3("auth", "pairing", "create", "--json")).stdout).id.slice(0, 1)
    }
    await refused(["auth", "pairing", "revoke", first], 2, /is ambiguous: [0-9a-z]{12} \(.*\), [0-9a-z]{12}/)
    await refused(["auth", "pairing", "revoke", "zzzzzzzzzzzz"], 3, /"zzzzzzzzzzzz"/)
    await refused(["auth", "session", "revoke", "../etc"], 2, /"\.\.\/etc" is no id/)
  })

  it("stores and prints labels without control and escape characters (design 9.18)", async () => {
    const label = "\u001b]0;owned\u0007\u001b[31mred\u001b[0m\u202e\nnew line\u0000"
    const { stdout } = await t3("auth", "pairing", "create", "--json", "--label", label.replaceAll("\u0000", ""))
    assert.strictEqual(JSON.parse(stdout).label, "red new line")
    const list = await t3("auth", "pairing", "list")
    assert.notMatch(list.stdout, /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/)
    assert.match(list.stdout, /red new line\n$/)
  })
})

describe("a server that hangs", () => {
  it("is named by its directory, soon, with what to do", async () => {
    const server = await serve()
    process.kill(server.pid, "SIGSTOP")
    const began = performance.now()
    await refused(["auth", "session", "list"], 6, new RegExp(`A server runs in ${baseDir}.*does not answer.*\\n.*Stop`))
    assert.isBelow(performance.now() - began, 15_000)
  })
})

describe("addresses of this machine", () => {
  it("binds exactly what is named", async () => {
    const server = await serve("--host", "127.0.0.1")
    const { port } = new URL(server.address)
    const others = Object.values(networkInterfaces()).flat().flatMap((entry) =>
      entry !== undefined && !entry.internal && entry.family === "IPv4" ? [entry.address] : []
    )
    for (const other of others) {
      const failed = await fetch(`http://${other}:${port}/health`).then(() => false, () => true)
      assert.isTrue(failed, other)
    }
    assert.strictEqual((await fetch(`${server.address}/health`)).status, 200)
  })
})
