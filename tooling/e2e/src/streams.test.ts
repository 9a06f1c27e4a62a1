/** stdout is the result, stderr everything else; a terminal, a pipe and a file each get what suits them. */
import { spawn } from "node:child_process"
import { chmodSync, closeSync, existsSync, mkdirSync, openSync, readFileSync, statSync, writeFileSync } from "node:fs"
import { connect } from "node:net"
import { join } from "node:path"
import { afterEach, assert, beforeEach, describe, it } from "vitest"
import * as Program from "./Program.ts"
import * as Screen from "./Screen.ts"

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

const serve = async (...args: ReadonlyArray<string>) => {
  const server = await Program.serve(["--base-dir", baseDir, ...args])
  ends.push(() => server.stop("SIGKILL"))
  return server
}

const screen = (args: ReadonlyArray<string>, env: NodeJS.ProcessEnv = {}) => {
  const opened = Screen.open([process.execPath, Program.file, ...args, "--base-dir", baseDir], {
    columns: 100,
    rows: 30
  }, env)
  ends.push(async () => {
    opened.pty.kill("SIGKILL")
    await opened.ended
  })
  return opened
}

const secret = /t3s_[0-9a-z]{70}/

describe("streams", () => {
  it("prints one JSON object per line with --json, the first of which is ready", async () => {
    const server = await Program.running(
      ["serve", "--json", "--port", "0", "--base-dir", baseDir, "--label", "box"],
      /\n/
    )
    ends.push(() => server.stop("SIGKILL"))
    const [line = "", rest] = server.output().stdout.split("\n")
    const ready = JSON.parse(line)
    assert.strictEqual(rest, "")
    assert.deepStrictEqual(Object.keys(ready), [
      "event",
      "environmentId",
      "label",
      "connectionString",
      "pairingToken",
      "pairingLink",
      "role",
      "expiresAt",
      "expiresIn"
    ])
    assert.strictEqual(ready.event, "ready")
    assert.strictEqual(ready.label, "box")
    assert.strictEqual(ready.role, "owner")
    assert.strictEqual(ready.expiresIn, 300)
    assert.strictEqual(ready.pairingLink, `${ready.connectionString}/pair#t=${ready.pairingToken.replaceAll("-", "")}`)
    assert.isFalse(Number.isNaN(Date.parse(ready.expiresAt)))
  })

  it("leaves out every secret with --no-token", async () => {
    const server = await Program.running(["serve", "--json", "--no-token", "--port", "0", "--base-dir", baseDir], /\n/)
    ends.push(() => server.stop("SIGKILL"))
    assert.deepStrictEqual(
      Object.keys(JSON.parse(server.output().stdout)),
      ["event", "environmentId", "label", "connectionString"]
    )
    const list = await Program.t3(["auth", "pairing", "list", "--all", "--json", "--base-dir", baseDir])
    assert.deepStrictEqual(JSON.parse(list.stdout), { items: [] })
  })

  it("prints the first pairing token into a file too, since it works once and dies in minutes", async () => {
    const file = join(folder.path, "out.txt")
    const descriptor = openSync(file, "w")
    const child = spawn(process.execPath, [Program.file, "serve", "--port", "0", "--base-dir", baseDir], {
      env: Program.cleanEnv(),
      stdio: ["ignore", descriptor, "ignore"]
    })
    const ended = new Promise((resolve) => child.on("close", resolve))
    while (!/No QR code: this/.test(readFileSync(file, "utf8"))) await new Promise((resolve) => setTimeout(resolve, 20))
    assert.match(readFileSync(file, "utf8"), /^Pairing token {6}(?:\w{4}-){2}\w{4} {3}owner · /m)
    assert.notInclude(readFileSync(file, "utf8"), "\u001b")
    child.kill("SIGTERM")
    assert.strictEqual(await ended, 0)
    closeSync(descriptor)
  })

  it("drains and ends with 0 on SIGTERM, with 130 on SIGINT", async () => {
    assert.strictEqual((await (await serve()).stop("SIGTERM")).code, 0)
    assert.strictEqual((await (await serve()).stop("SIGINT")).code, 130)
  })

  it("waits for a request under way, and at a second Ctrl-C no longer", async () => {
    const server = await serve()
    const { hostname, port } = new URL(server.address)
    const socket = connect(Number(port), hostname).resume()
    const closed = new Promise((resolve) => socket.on("close", resolve).on("error", () => undefined))
    await new Promise((resolve) => socket.once("connect", resolve))
    socket.write("POST /oauth/token HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\nhalf")
    await new Promise((resolve) => setTimeout(resolve, 200))
    const ended = server.stop("SIGINT")
    const patience = (milliseconds: number) =>
      new Promise<"waiting">((resolve) => setTimeout(resolve, milliseconds, "waiting"))
    assert.strictEqual(await Promise.race([ended, patience(500)]), "waiting")
    process.kill(server.pid, "SIGINT")
    const result = await Promise.race([ended, patience(1500)])
    assert.deepInclude(result, { code: 130 })
    await closed
  })

  it("refuses to put a session's token on a pipe or into a file unasked, and makes no session then", async () => {
    const issue = ["auth", "session", "issue", "--base-dir", baseDir]
    const refused = await Program.t3(issue)
    assert.strictEqual(refused.code, 2)
    assert.strictEqual(refused.stdout, "")
    assert.match(refused.stderr, /--print-token.*--json/)

    const file = join(folder.path, "out.txt")
    const descriptor = openSync(file, "w")
    const child = spawn(process.execPath, [Program.file, ...issue], {
      env: Program.cleanEnv(),
      stdio: ["ignore", descriptor, "ignore"]
    })
    const code = await new Promise((resolve) => child.on("close", resolve))
    closeSync(descriptor)
    assert.strictEqual(code, 2)
    assert.strictEqual(readFileSync(file, "utf8"), "")
    const sessions = await Program.t3(["auth", "session", "list", "--json", "--base-dir", baseDir])
    assert.deepStrictEqual(JSON.parse(sessions.stdout), { items: [] })

    const asked = await Program.t3([...issue, "--print-token"])
    assert.match(asked.stdout, new RegExp(`^${secret.source}\\n$`))
    const bounded = await Program.t3([...issue, "--print-token", "--ttl", "60d"])
    const latest = new Date(Date.now() + 60 * 86_400_000).toISOString().slice(0, 10)
    assert.match(
      bounded.stderr,
      new RegExp(`until ${latest} \\S+ at the latest, and no longer than 30 days without use`)
    )
    const short = await Program.t3([...issue, "--print-token", "--ttl", "1d"])
    assert.notMatch(short.stderr, /at the latest|without use/)
    assert.notMatch(asked.stderr, secret)
    const json = await Program.t3([...issue, "--json"])
    assert.match(JSON.parse(json.stdout).sessionToken, secret)
  })

  it("shows a session's token on a terminal", async () => {
    const opened = screen(["auth", "session", "issue"])
    await opened.until(secret)
    assert.strictEqual(await opened.ended, 0)
  })

  it("colours nothing on a pipe, and keeps stdout for the result", async () => {
    for (
      const args of [["--help"], ["auth", "pairing", "--help"], ["--version"], ["env", "list"], [
        "serve",
        "--port",
        "x"
      ]]
    ) {
      const { stderr, stdout } = await Program.t3([...args, "--base-dir", baseDir])
      assert.notInclude(stdout + stderr, "\u001b")
    }
    const failed = await Program.t3(["env", "status", "nobody", "--base-dir", baseDir])
    assert.strictEqual(failed.stdout, "")
    assert.match(failed.stderr, /^t3: No saved environment is called "nobody"\.\n {4}/)
  })

  it("ends in peace when the reader has seen enough", async () => {
    const child = spawn("sh", ["-c", `"$0" "$1" --help | head -n 1; exit 0`, process.execPath, Program.file], {
      env: Program.cleanEnv(),
      stdio: ["ignore", "pipe", "pipe"]
    })
    let stderr = ""
    child.stderr.setEncoding("utf8").on("data", (text: string) => stderr += text)
    await new Promise((resolve) => child.on("close", resolve))
    assert.strictEqual(stderr, "")
  })
})

describe("questions", () => {
  it("asks for the link, says what it paired with, and asks nothing twice", async () => {
    const server = await serve("--label", "box")
    const other = join(folder.path, "other")
    const opened = Screen.open([process.execPath, Program.file, "connect", "--base-dir", other], {
      columns: 100,
      rows: 30
    })
    await opened.until(/Pairing link \(or address\): /)
    opened.pty.write(`${server.link}\r`)
    await opened.until(/Paired with box as owner\. Saved as "box"\.\r\n/)
    assert.strictEqual(await opened.ended, 0)
  })

  it("asks for the token if only the host is there", async () => {
    const server = await serve("--label", "box")
    const other = join(folder.path, "other")
    const args = ["connect", server.address, "--base-dir", other]
    const opened = Screen.open([process.execPath, Program.file, ...args], { columns: 100, rows: 30 })
    await opened.until(/Pairing token: /)
    opened.pty.write(`${server.token}\r`)
    await opened.until(/Paired with box as owner/)
    assert.strictEqual(statSync(join(other, "environments.json")).mode & 0o777, 0o600)
  })

  it("asks before a secret goes over plain HTTP, and sends nothing if the answer is not yes", async () => {
    const opened = screen(["connect", "http://192.0.2.1:1/pair#t=K7QX2M9PHTRD"])
    await opened.until(/anyone on the way could read[^]*\[y\/N\] /)
    opened.pty.write("\r")
    await opened.until(/t3: Nothing was sent\./)
    assert.strictEqual(await opened.ended, 5)
    assert.isFalse(existsSync(baseDir))
  })

  it("ends with 130 on Ctrl-C at a question", async () => {
    const opened = screen(["connect"])
    await opened.until(/Pairing link/)
    opened.pty.write("\u0003")
    assert.strictEqual(await opened.ended, 130)
  })

  it("asks nobody where NO_COLOR or TERM=dumb forbids it, and names that", async () => {
    for (const [env, reason] of [[{ NO_COLOR: "1" }, /NO_COLOR is set/], [{ TERM: "dumb" }, /TERM is dumb/]] as const) {
      const opened = screen(["connect"], env)
      assert.strictEqual(await opened.ended, 2)
      assert.match(opened.raw(), reason)
      assert.notMatch(opened.raw(), /no terminal/)
    }
  })

  it("asks nobody where there is no terminal, and says what to do instead", async () => {
    for (const args of [["connect"], ["connect", "127.0.0.1:1"]]) {
      const { code, stderr } = await Program.t3([...args, "--base-dir", baseDir])
      assert.strictEqual(code, 2)
      assert.match(stderr, /t3 connect -.*--token-file/)
    }
    const insecure = await Program.t3(["connect", "-", "--base-dir", baseDir], {
      input: "http://192.0.2.1:1/pair#t=K7QX2M9PHTRD"
    })
    assert.strictEqual(insecure.code, 5)
    assert.match(insecure.stderr, /--insecure/)
    assert.isFalse(existsSync(baseDir))
  })
})

describe("start", () => {
  /** A desktop's opener that notes what it was given and who could have read it. */
  const desktop = (script: string): NodeJS.ProcessEnv => {
    const bin = join(folder.path, "bin")
    mkdirSync(bin)
    writeFileSync(join(bin, "xdg-open"), `#!/bin/sh\n${script}\n`)
    chmodSync(join(bin, "xdg-open"), 0o755)
    return { PATH: `${bin}:${process.env["PATH"] ?? ""}` }
  }
  const onLinux = it.runIf(process.platform === "linux")

  onLinux("opens the browser already paired, without a secret in arguments or environment", async () => {
    const note = join(folder.path, "note")
    const env = desktop(`{ echo "$@"; env; echo "== file"; cat "$1"; } > ${note}.tmp; mv ${note}.tmp ${note}`)
    const mine = join(baseDir, "open", "file.txt")
    mkdirSync(join(mine, ".."), { mode: 0o700, recursive: true })
    chmodSync(baseDir, 0o700)
    writeFileSync(mine, "mine")
    const opened = screen(["--port", "0"], env)
    await opened.until(/opening your browser/)
    while (!existsSync(note)) await new Promise((resolve) => setTimeout(resolve, 20))
    const [outside = "", page = ""] = readFileSync(note, "utf8").split("== file")
    const link = /http:[^"]+#t=([0-9A-Z]{12})/.exec(page) ?? assert.fail(page)
    const printed = /Pairing link +(\S+)/.exec(opened.raw())?.[1]
    assert.notInclude(outside, link[1] ?? "")
    assert.notInclude(opened.raw(), link[1] ?? "")
    assert.notInclude(outside, printed?.split("#t=")[1] ?? "")
    const file = outside.split("\n")[0] ?? ""
    assert.strictEqual(statSync(file).mode & 0o777, 0o600)
    assert.strictEqual(statSync(join(file, "..")).mode & 0o777, 0o700)
    const paired = await Program.t3(["connect", "-", "--base-dir", join(folder.path, "browser")], { input: link[0] })
    assert.match(paired.stdout, /as owner/)
    opened.pty.kill("SIGTERM")
    assert.strictEqual(await opened.ended, 0)
    assert.isFalse(existsSync(join(file, "..")))
    assert.strictEqual(readFileSync(mine, "utf8"), "mine", "a folder of the user's stays")
  })

  onLinux("says so and goes on where no browser can be opened", async () => {
    const opened = screen(["start", "--port", "0"], desktop("exit 3"))
    await opened.until(/no browser could be opened here\. Open the pairing link above/)
  })

  onLinux("is serve on a pipe and with --json: it opens no browser", async () => {
    const note = join(folder.path, "note")
    const env = desktop(`touch ${note}`)
    const server = await Program.running(["--port", "0", "--base-dir", baseDir], /Pairing link/, { env })
    while (!/\n/.test(server.output().stderr)) await new Promise((resolve) => setTimeout(resolve, 20))
    assert.strictEqual(server.output().stderr, "t3: stdout is no terminal, so no browser is opened.\n")
    await server.stop()
    const json = screen(["start", "--json", "--port", "0"], env)
    await json.until(/^\{"event":"ready".*\r\n$/)
    json.pty.kill("SIGTERM")
    await json.ended
    assert.isFalse(existsSync(note))
  })
})
