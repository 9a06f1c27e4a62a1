import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, Fiber, Redacted, Scope } from "effect"
import * as fs from "node:fs"
import { request } from "node:http"
import { dirname, join } from "node:path"
import { asNobody } from "../test/asNobody.ts"
import * as Processes from "../test/processes.ts"
import * as raw from "../test/raw.ts"
import { dataFolder, startServer, statusOf, temporaryFolder } from "../test/withServer.ts"
import { isAlive } from "./ControlSocket.ts"
import * as DataDirectory from "./DataDirectory.ts"

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
      const { socket } = yield* start(path)
      assert.isFalse(socket.startsWith(path))
      yield* Effect.addFinalizer(() => Effect.sync(() => fs.rmSync(dirname(socket), { recursive: true })))
      assert.strictEqual(fs.statSync(dirname(socket)).mode & 0o777, 0o700)
      assert.strictEqual((yield* call(socket, "GET", "/health")).status, 200)
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
