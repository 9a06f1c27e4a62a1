import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, Fiber, Redacted, Scope } from "effect"
import * as fs from "node:fs"
import { request } from "node:http"
import { dirname, join } from "node:path"
import { asNobody, nobody } from "../test/asNobody.ts"
import * as Processes from "../test/processes.ts"
import * as raw from "../test/raw.ts"
import { dataFolder, portOf, startServer, statusOf, temporaryFolder } from "../test/withServer.ts"
import * as ControlKey from "./ControlKey.ts"
import * as ControlSocket from "./ControlSocket.ts"
import { isAlive } from "./ControlSocket.ts"
import * as DataDirectory from "./DataDirectory.ts"
import type { Handler } from "./network/listen.ts"

/** One call through the socket. */
const call = (socketPath: string, method: string, path: string, body?: object, headers: Record<string, string> = {}) =>
  Effect.async<{ readonly status: number; readonly body: Record<string, unknown> }, NodeJS.ErrnoException>((resume) => {
    const text = body === undefined ? undefined : JSON.stringify(body)
    const sent = request({
      headers: text === undefined
        ? headers
        : { "content-length": Buffer.byteLength(text), "content-type": "application/json", ...headers },
      method,
      path,
      socketPath
    }, (response) => {
      let answer = ""
      response.on("data", (chunk) => {
        answer += String(chunk)
      })
      response.on(
        "end",
        () =>
          resume(
            Effect.succeed({ body: JSON.parse(answer) as Record<string, unknown>, status: response.statusCode ?? 0 })
          )
      )
    })
    sent.once("error", (error) => resume(Effect.fail(error)))
    sent.end(text)
  })

/** A server in `path`, until the scope closes. */
const start = (path: string) =>
  Effect.map(startServer({ baseDir: path }), (server) => ({ ...server, socket: DataDirectory.at(path).socket }))

describe("the control socket", () => {
  it.scopedLive("has the rights of the owner, without a credential", () =>
    Effect.gen(function*() {
      const { environment, socket } = yield* start(yield* dataFolder)
      const pairing = yield* call(socket, "POST", "/api/access/pairings", { role: "owner" })
      assert.deepStrictEqual([pairing.status, (pairing.body["pairing"] as Record<string, unknown>)["issuedBy"]], [201, {
        kind: "cli"
      }])
      assert.strictEqual((yield* call(socket, "GET", "/api/access/sessions")).status, 200)
      assert.strictEqual((yield* call(socket, "GET", "/api/environment")).body["label"], environment.label)
      // Neither a name nor a bad credential matters here.
      const odd = { authorization: "Bearer nonsense", host: "anything.example" }
      assert.strictEqual((yield* call(socket, "GET", "/api/access/pairings", undefined, odd)).status, 200)
      // There is no session of its own.
      assert.strictEqual((yield* call(socket, "GET", "/api/session")).body["_tag"], "NotFound")
      const others = yield* call(socket, "POST", "/api/access/sessions/revoke-others")
      assert.include(others.body["message"], "no own session")
    }))

  it.scopedLive("5: a revoke through it is in force for the next request over the network", () =>
    Effect.gen(function*() {
      const { access, base, socket } = yield* start(yield* dataFolder)
      for (let round = 0; round < 10; round++) {
        const { session, token } = yield* access.issueSession({ device: {}, role: "owner" })
        assert.strictEqual(yield* statusOf(base, Redacted.value(token)), 200)
        assert.strictEqual((yield* call(socket, "DELETE", `/api/access/sessions/${session.id}`)).status, 200)
        assert.strictEqual(yield* statusOf(base, Redacted.value(token)), 401)
      }
    }))

  it.scopedLive("5: a revoke through it is in force for requests that are on their way", () =>
    Effect.gen(function*() {
      const { access, base, socket } = yield* start(yield* dataFolder)
      const { session, token } = yield* access.issueSession({ device: {}, role: "owner" })
      const seen: Array<string> = []
      let over = false
      const asking = Effect.flatMap(Effect.sync(() => over), (after) =>
        Effect.map(statusOf(base, Redacted.value(token)), (status) =>
          seen.push(`${after ? "after" : "before"}: ${status}`)))
      const all = yield* Effect.fork(Effect.replicateEffect(Effect.forever(asking), 4).pipe(Effect.withConcurrency(4)))
      yield* Effect.sleep("100 millis")
      yield* call(socket, "DELETE", `/api/access/sessions/${session.id}`)
      over = true
      yield* Effect.sleep("100 millis")
      yield* Fiber.interrupt(all)
      assert.include(seen, "before: 200")
      assert.include(seen, "after: 401")
      assert.notInclude(seen, "after: 200")
    }))

  it.scopedLive("is private, and nobody else can reach it", () =>
    Effect.gen(function*() {
      const { socket } = yield* start(yield* dataFolder)
      assert.strictEqual(fs.statSync(socket).mode & 0o777, 0o600)
      assert.strictEqual(fs.statSync(dirname(socket)).mode & 0o777, 0o700)
      assert.isTrue(yield* isAlive(socket))
      if (process.getuid?.() === 0) {
        // The folder above it is open to all, so that it is the data directory that stops them.
        fs.chmodSync(dirname(dirname(socket)), 0o755)
        const error = yield* asNobody(Effect.flip(Effect.scoped(raw.open({ path: socket }))))
        assert.strictEqual(error.code, "EACCES")
      }
    }))

  it.scopedLive("goes with the server, and one that a killed server left is replaced", () =>
    Effect.gen(function*() {
      const path = yield* dataFolder
      const { socket } = DataDirectory.at(path)
      const scope = yield* Scope.make()
      yield* Scope.extend(start(path), scope)
      yield* Scope.close(scope, Exit.void)
      assert.isFalse(fs.existsSync(socket))
      const killed = yield* Processes.run("serve", { baseDir: path, port: 0 })
      assert.isTrue(yield* isAlive(socket))
      yield* killed.kill("SIGKILL")
      assert.isTrue(fs.existsSync(socket))
      assert.isFalse(yield* isAlive(socket))
      yield* start(path)
      assert.strictEqual((yield* call(socket, "GET", "/health")).status, 200)
    }))

  it.scopedLive("stands elsewhere, in a private folder, where the path is too long for one", () =>
    Effect.gen(function*() {
      const path = join(yield* temporaryFolder, "x".repeat(100))
      const socket = yield* Effect.scoped(Effect.gen(function*() {
        const { socket } = yield* start(path)
        assert.isFalse(socket.startsWith(path))
        assert.strictEqual(fs.statSync(dirname(socket)).mode & 0o777, 0o700)
        assert.strictEqual((yield* call(socket, "GET", "/health")).status, 200)
        return socket
      }))
      assert.isFalse(fs.existsSync(dirname(socket)))
    }))

  it.scopedLive("is not opened in a folder that others can reach", () =>
    Effect.gen(function*() {
      const path = join(yield* temporaryFolder, "x".repeat(100))
      const folder = dirname(DataDirectory.at(path).socket)
      fs.mkdirSync(folder)
      yield* Effect.addFinalizer(() => Effect.sync(() => fs.rmSync(folder, { recursive: true })))
      fs.chmodSync(folder, 0o755)
      const error = yield* Effect.flip(start(path))
      assert.strictEqual(error._tag, "DirectoryRefused")
      assert.include(error.message, folder)
    }))
})

/** A control socket without a server behind it, until the scope closes. */
const openIn = (directory: DataDirectory.DataDirectory, answer = "ok") => {
  const handler: Handler = (_, response) =>
    void response.setHeader("content-type", "application/json").end(JSON.stringify({ answer }))
  return ControlSocket.open(directory, handler)
}

const answerOf = (socket: string) => Effect.map(call(socket, "GET", "/"), ({ body }) => body["answer"])

/** Where a socket may lie. */
const places = { "in the data directory": 0, "in a folder of its own": 100 }

const placeFor = (length: number) =>
  Effect.map(temporaryFolder, (folder) => {
    const path = join(folder, "x".repeat(length), "data")
    fs.mkdirSync(path, { mode: 0o700, recursive: true })
    return DataDirectory.at(path)
  })

describe.each(Object.entries(places))("a control socket %s", (_, length) => {
  it.scopedLive("stays when a server ends that had the place before", () =>
    Effect.gen(function*() {
      const directory = yield* placeFor(length)
      const earlier = yield* Scope.make()
      yield* Scope.extend(openIn(directory), earlier)
      // As somebody does who starts anew, and forgets that a server still runs.
      fs.rmSync(dirname(directory.socket), { recursive: true })
      fs.mkdirSync(directory.path, { mode: 0o700, recursive: true })
      yield* openIn(directory, "later")
      yield* Scope.close(earlier, Exit.void)
      assert.isTrue(fs.existsSync(directory.socket))
      assert.strictEqual(yield* answerOf(directory.socket), "later")
    }))

  it.scopedLive("takes the place of whatever a killed server left", () =>
    Effect.gen(function*() {
      const directory = yield* placeFor(length)
      fs.mkdirSync(dirname(directory.socket), { mode: 0o700, recursive: true })
      for (const name of [directory.socket, join(dirname(directory.socket), "control.bind")]) fs.writeFileSync(name, "")
      yield* openIn(directory)
      assert.strictEqual(yield* answerOf(directory.socket), "ok")
      assert.deepStrictEqual(fs.readdirSync(dirname(directory.socket)), ["control.sock"])
    }))

  it.scopedLive("is not trusted where others can write to its folder, or where that is another's", () =>
    Effect.gen(function*() {
      const directory = yield* placeFor(length)
      yield* openIn(directory)
      const folder = dirname(directory.socket)
      assert.isTrue(yield* isAlive(directory.socket))
      fs.chmodSync(folder, 0o720)
      assert.isFalse(yield* isAlive(directory.socket))
      fs.chmodSync(folder, 0o702)
      assert.isFalse(yield* isAlive(directory.socket))
      fs.chmodSync(folder, 0o755)
      assert.isTrue(yield* isAlive(directory.socket))
      if (process.getuid?.() === 0) {
        fs.chownSync(folder, nobody, nobody)
        assert.isFalse(yield* isAlive(directory.socket))
      }
    }))
})

describe("two servers that meet at one control socket", () => {
  it.scopedLive("7: the one that is refused removes nothing", () =>
    Effect.gen(function*() {
      const path = yield* dataFolder
      const { socket } = yield* start(path)
      const inode = fs.statSync(socket).ino
      const before = fs.readdirSync(path)
      assert.strictEqual((yield* Effect.flip(Effect.scoped(start(path))))._tag, "DirectoryHeld")
      assert.deepStrictEqual(fs.readdirSync(path), before)
      assert.strictEqual(fs.statSync(socket).ino, inode)
      assert.isTrue(yield* isAlive(socket))
    }))

  it.scopedLive("7: the one that ends slowly removes nothing of the one that waits for it", () =>
    Effect.gen(function*() {
      const path = yield* dataFolder
      const earlier = yield* Scope.make()
      const { base, socket } = yield* Scope.extend(start(path), earlier)
      const half = "POST /api/session HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n" +
        "Content-Type: application/json\r\n\r\n{"
      for (const to of [{ host: "127.0.0.1", port: portOf(base) }, { path: socket }]) {
        const connection = yield* raw.open(to)
        connection.write(half)
      }
      yield* Effect.sleep("100 millis")
      const ending = yield* Effect.fork(Scope.close(earlier, Exit.void))
      yield* start(path)
      yield* Fiber.join(ending)
      yield* Effect.sleep("200 millis")
      assert.isTrue(yield* isAlive(socket))
      assert.strictEqual((yield* call(socket, "GET", "/health")).status, 200)
    }))
})

/** The working directory. A pipe's name is here that of a file in it: what is done for a socket in a folder would show. */
const workingFolder = Effect.flatMap(temporaryFolder, (folder) =>
  Effect.acquireRelease(
    Effect.sync(() => {
      const before = process.cwd()
      fs.chmodSync(folder, 0o777)
      process.chdir(folder)
      return { before, folder }
    }),
    ({ before }) => Effect.sync(() => process.chdir(before))
  )).pipe(Effect.map(({ folder }) => folder))

describe("the pipe of Windows", () => {
  it.scopedLive("is no file: it is bound by its name, and protected by the key alone", () =>
    Effect.gen(function*() {
      const folder = yield* workingFolder
      const path = join(folder, "data")
      fs.mkdirSync(path, { mode: 0o777 })
      const directory = DataDirectory.at(path, "win32")
      assert.isFalse(yield* isAlive(directory.socket))
      const scope = yield* Scope.make()
      yield* Scope.extend(openIn(directory), scope)
      assert.isTrue(yield* isAlive(directory.socket))
      assert.deepStrictEqual(fs.readdirSync(folder).sort(), [directory.socket, "data"])
      assert.deepStrictEqual(fs.readdirSync(path), ["control.key"])
      assert.strictEqual((yield* call(directory.socket, "GET", "/")).status, 401)
      const headers = yield* ControlKey.headers(directory)
      assert.strictEqual((yield* call(directory.socket, "GET", "/", undefined, headers)).status, 200)
      yield* Scope.close(scope, Exit.void)
      assert.isFalse(yield* isAlive(directory.socket))
      assert.deepStrictEqual([fs.readdirSync(folder), fs.readdirSync(path)], [["data"], []])
    }))

  it.scopedLive("is refused where another program has its name", () =>
    Effect.gen(function*() {
      const folder = yield* workingFolder
      const directory = DataDirectory.at(folder, "win32")
      fs.writeFileSync(directory.socket, "")
      const error = yield* Effect.flip(Effect.scoped(openIn(directory)))
      assert.include(error.message, directory.socket)
      assert.include(error.hint, "Another program has that name")
      assert.isTrue(fs.existsSync(directory.socket))
      assert.deepStrictEqual(yield* ControlKey.headers(directory), {})
    }))
})
