import { HttpClient } from "@effect/platform"
import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, Layer, Redacted, Scope } from "effect"
import * as fs from "node:fs"
import * as raw from "../test/raw.ts"
import { temporaryFolder } from "../test/withServer.ts"
import * as ControlKey from "./ControlKey.ts"
import * as ControlSocket from "./ControlSocket.ts"
import * as DataDirectory from "./DataDirectory.ts"

/** A data directory as on Windows, but for the pipe. */
const keyed = Effect.map(temporaryFolder, (path): DataDirectory.DataDirectory => ({
  ...DataDirectory.at(path),
  controlKey: DataDirectory.at(path, "win32").controlKey
}))

const keyOf = ({ controlKey = "" }: DataDirectory.DataDirectory) => fs.readFileSync(controlKey, "utf8")

/** A control socket that demands a key, and what has come past it. */
const open = Effect.gen(function*() {
  const directory = yield* keyed
  const passed: Array<string> = []
  yield* ControlSocket.open(directory, (request, response) => {
    passed.push(`${request.method} ${request.url}`)
    response.setHeader("content-type", "application/json").end("{}")
  })
  const ask = (lines: ReadonlyArray<string>, start = "GET /health HTTP/1.1") =>
    raw.send(
      { path: directory.socket },
      [start, "Host: localhost", "Connection: close", ...lines, "", ""].join("\r\n")
    )
  return { ask, directory, key: keyOf(directory), passed }
})

describe("the key of a control socket", () => {
  it.scopedLive("lets those in who have it, and nobody else", () =>
    Effect.gen(function*() {
      const { ask, key, passed } = yield* open
      const wrong = key.startsWith("A") ? `B${key.slice(1)}` : `A${key.slice(1)}`
      const attempts = {
        another: [`T3-Control-Key: ${wrong}`],
        "as a bearer": [`Authorization: Bearer ${key}`],
        "cut short": [`T3-Control-Key: ${key.slice(0, -1)}`],
        empty: ["T3-Control-Key:"],
        long: [`T3-Control-Key: ${key}${key}`],
        none: [],
        "one character": [`T3-Control-Key: ${key.slice(0, 1)}`],
        twice: [`T3-Control-Key: ${key}`, `T3-Control-Key: ${key}`]
      }
      for (const [name, lines] of Object.entries(attempts)) {
        assert.match(yield* ask(lines), /^HTTP\/1\.1 401 /, name)
      }
      assert.deepStrictEqual(passed, [])
      assert.match(yield* ask([`T3-Control-Key: ${key}`]), /^HTTP\/1\.1 200 /)
      assert.deepStrictEqual(passed, ["GET /health"])
    }))

  it.scopedLive("is refused in words, with the headers of every other answer", () =>
    Effect.gen(function*() {
      const { ask, key } = yield* open
      const answer = yield* ask([`T3-Control-Key: ${key}x`])
      const [head = "", body = ""] = answer.split("\r\n\r\n")
      const refusal = JSON.parse(/\{.*\}/.exec(body)?.[0] ?? "{}") as Record<string, unknown>
      assert.deepStrictEqual(Object.keys(refusal).sort(), ["_tag", "hint", "message"])
      assert.strictEqual(refusal["_tag"], "Unauthenticated")
      assert.include(String(refusal["hint"]), "control.key")
      assert.match(head, /^www-authenticate: /im)
      assert.match(head, /^x-content-type-options: nosniff/im)
      assert.notInclude(answer, key)
    }))

  it.scopedLive("comes before anything else of a request", () =>
    Effect.gen(function*() {
      const { ask, passed } = yield* open
      const requests: ReadonlyArray<[string, ReadonlyArray<string>]> = [
        ["DELETE /%ff/../nowhere HTTP/1.1", []],
        ["POST /api/access/pairings HTTP/1.1", ["Content-Length: 99999999"]],
        ["POST /api/access/pairings HTTP/1.1", ["Expect: 100-continue", "Content-Length: 2"]],
        ["POST /api/access/pairings HTTP/1.1", ["Expect: anything", "Content-Length: 2"]],
        ["GET /ws HTTP/1.1", ["Upgrade: websocket", "Connection: upgrade"]]
      ]
      for (const [start, lines] of requests) {
        assert.match(yield* ask(lines, start), /^(HTTP\/1\.1 100 Continue\r\n\r\n)?HTTP\/1\.1 401 /, start)
      }
      assert.deepStrictEqual(passed, [])
    }))

  it.scopedLive("is a new one for each start, private, and goes with the server", () =>
    Effect.gen(function*() {
      const { controlKey = "", ...directory } = yield* keyed
      // As a server that was killed left it, and somebody spoiled it.
      fs.writeFileSync(controlKey, "left behind")
      fs.chmodSync(controlKey, 0o666)
      const keys: Array<string> = []
      for (let start = 0; start < 2; start++) {
        const scope = yield* Scope.make()
        yield* Scope.extend(ControlSocket.open({ ...directory, controlKey }, () => undefined), scope)
        assert.strictEqual(fs.statSync(controlKey).mode & 0o777, 0o600)
        keys.push(fs.readFileSync(controlKey, "utf8"))
        yield* Scope.close(scope, Exit.void)
        assert.isFalse(fs.existsSync(controlKey))
      }
      assert.strictEqual(new Set([...keys, "left behind"]).size, 3)
      // 256 bit.
      for (const key of keys) assert.match(key, /^[\w-]{43}$/)
    }))

  it.scopedLive("stays where it is another's by then", () =>
    Effect.gen(function*() {
      const { controlKey = "" } = yield* keyed
      const scope = yield* Scope.make()
      yield* Scope.extend(ControlKey.write(controlKey), scope)
      const successor = Redacted.value(yield* ControlKey.write(controlKey))
      yield* Scope.close(scope, Exit.void)
      assert.strictEqual(fs.readFileSync(controlKey, "utf8"), successor)
    }))

  it.scopedLive("is refused by name where it cannot be written", () =>
    Effect.gen(function*() {
      const { controlKey = "" } = yield* keyed
      fs.mkdirSync(controlKey)
      const error = yield* Effect.flip(ControlKey.write(controlKey))
      assert.strictEqual(error._tag, "DirectoryRefused")
      assert.include(error.message, controlKey)
    }))

  it.scopedLive("is carried by a client that looks where the key lies, at each call", () =>
    Effect.gen(function*() {
      const { directory } = yield* open
      const agent = NodeHttpClient.makeAgentLayer({ socketPath: directory.socket } as object)
      const statusFor = (to: DataDirectory.DataDirectory) =>
        Effect.flatMap(HttpClient.HttpClient, (client) => client.get("http://localhost/health")).pipe(
          Effect.map(({ status }) => status),
          Effect.provide(
            ControlKey.layerClient(to).pipe(Layer.provide(NodeHttpClient.layerWithoutAgent), Layer.provide(agent))
          )
        )
      assert.strictEqual(yield* statusFor(directory), 200)
      assert.strictEqual(yield* statusFor({ ...directory, controlKey: undefined }), 401)
      fs.renameSync(directory.controlKey ?? "", `${directory.controlKey}.elsewhere`)
      assert.strictEqual(yield* statusFor(directory), 401)
    }))

  it.scopedLive("is not asked for where the folder of the socket protects it", () =>
    Effect.gen(function*() {
      const directory = DataDirectory.at(yield* temporaryFolder, "linux")
      assert.isUndefined(directory.controlKey)
      assert.deepStrictEqual(yield* ControlKey.headers(directory), {})
      yield* ControlSocket.open(directory, (_, response) => void response.end("in"))
      assert.deepStrictEqual(fs.readdirSync(directory.path), ["control.sock"])
      const answer = yield* raw.send({ path: directory.socket }, "GET / HTTP/1.1\r\nConnection: close\r\n\r\n")
      assert.match(answer, /^HTTP\/1\.1 200 /)
    }))
})
