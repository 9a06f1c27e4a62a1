import { assert, describe, it } from "@effect/vitest"
import { Clock, Deferred, Effect, Exit, Fiber, Scope } from "effect"
import { existsSync, readFileSync } from "node:fs"
import type { ServerResponse } from "node:http"
import type { Socket } from "node:net"
import * as Processes from "../../test/processes.ts"
import * as raw from "../../test/raw.ts"
import { bind } from "./bind.ts"
import * as Binding from "./Binding.ts"
import type { Handler } from "./listen.ts"

const ok: Handler = (_, response) => void response.end("ok")

/** Answers `/slow` when told to. */
const slow = Effect.map(Deferred.make<ServerResponse>(), (asked) => ({
  asked: Deferred.await(asked),
  handler: ((request, response) => {
    if (request.url === "/slow") Deferred.unsafeDone(asked, Effect.succeed(response))
    else response.end("ok")
  }) satisfies Handler
}))

const bindTo = (hosts: ReadonlyArray<string>, port: number, handler: Handler = ok) =>
  Effect.flatMap(Binding.resolveAll(hosts), (addresses) => bind({ request: handler }, addresses, port))

const get = (port: number, path = "/", host = "127.0.0.1") =>
  raw.send({ host, port }, `GET ${path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`)

/** What listens on `port`, as the kernel has it: `7F000001` is 127.0.0.1. */
const listening = (port: number) => {
  const wanted = `:${port.toString(16).toUpperCase().padStart(4, "0")}`
  return ["/proc/net/tcp", "/proc/net/tcp6"].filter((file) => existsSync(file))
    .flatMap((file) => readFileSync(file, "utf8").split("\n"))
    .map((line) => line.trim().split(/\s+/))
    .filter(([, local, , state]) => local?.endsWith(wanted) === true && state === "0A")
    .map(([, local]) => local?.slice(0, -wanted.length) ?? "")
    .sort()
}

const loopback4 = "0100007F"
const loopback6 = "00000000000000000000000001000000"
const onLinux = existsSync("/proc/net/tcp")
const has6 = existsSync("/proc/net/if_inet6")

/** How long the scope takes to close. */
const timeToClose = (scope: Scope.CloseableScope) =>
  Effect.gen(function*() {
    const before = yield* Clock.currentTimeMillis
    yield* Scope.close(scope, Exit.void)
    return (yield* Clock.currentTimeMillis) - before
  })

describe.skipIf(!onLinux)("bind, as the kernel has it", () => {
  it.scopedLive("2: binds loopback, and one free port on all of it, where nothing is named", () =>
    Effect.gen(function*() {
      const port = yield* bindTo([], 0)
      assert.deepStrictEqual(listening(port), has6 ? [loopback6, loopback4] : [loopback4])
    }))

  it.scopedLive.each<[string, string]>([
    ["127.0.0.1", loopback4],
    ["127.1", loopback4],
    ["127.0.0.2", "0200007F"],
    ["::ffff:127.0.0.1", loopback4],
    ["0.0.0.0", "00000000"],
    ["0", "00000000"],
    ...(has6 ? [["::", "0".repeat(32)] satisfies [string, string]] : [])
  ])("2: binds exactly %s", ([host, bound]) =>
    Effect.gen(function*() {
      const port = yield* bindTo([host], 0)
      assert.deepStrictEqual(listening(port), [bound])
    }))
})

describe("bind", () => {
  it.scopedLive("binds all or none", () =>
    Effect.gen(function*() {
      const port = yield* bindTo(["127.0.0.3"], 0)
      const error = yield* Effect.flip(bindTo(["127.0.0.2", "127.0.0.3"], port))
      assert.strictEqual(error._tag, "PortRefused")
      assert.strictEqual((yield* Effect.flip(get(port, "/", "127.0.0.2"))).code, "ECONNREFUSED")
    }))

  it.scopedLive("15: stays with the port that is asked for, and says who has it", () =>
    Effect.gen(function*() {
      const other = yield* Processes.other(`
        const server = require("node:net").createServer()
        server.listen(0, "127.0.0.1", () => console.log(JSON.stringify(server.address())))
      `)
      const port = Number(other.first["port"])
      const error = yield* Effect.flip(bindTo(["127.0.0.1"], port))
      assert.strictEqual(error._tag, "PortRefused")
      assert.strictEqual(error._tag === "PortRefused" ? error.reason : "", "taken")
      assert.include(error.message, `Port ${port} is taken`)
      if (onLinux) assert.include(error.message, `(pid ${other.pid})`)
      assert.include(error.hint, "--port")
    }))

  it.scopedLive("says which address it may not have", () =>
    Effect.gen(function*() {
      const error = yield* Effect.flip(bind({ request: ok }, [{ family: 4, kind: "public", text: "192.0.2.7" }], 0))
      assert.include(error.message, "192.0.2.7")
      assert.strictEqual(error.reason, "forbidden")
    }))

  it.live("lets go of the port with its scope", () =>
    Effect.gen(function*() {
      const port = yield* Effect.scoped(bindTo(["127.0.0.1"], 0))
      assert.strictEqual((yield* Effect.flip(get(port))).code, "ECONNREFUSED")
      yield* Effect.scoped(bindTo(["127.0.0.1"], port))
    }))
})

describe("listen", () => {
  it.live("lets a request under way finish, takes no new ones, and does not wait longer", () =>
    Effect.gen(function*() {
      const scope = yield* Scope.make()
      const { asked, handler } = yield* slow
      const port = yield* Scope.extend(bindTo(["127.0.0.1"], 0, handler), scope)
      const answer = yield* Effect.fork(get(port, "/slow"))
      const response = yield* asked
      const closing = yield* Effect.fork(timeToClose(scope))
      yield* Effect.sleep("300 millis")
      assert.strictEqual((yield* Effect.flip(get(port))).code, "ECONNREFUSED")
      response.end("at last")
      assert.include(yield* Fiber.join(answer), "at last")
      assert.isBelow(yield* Fiber.join(closing), 1_500)
    }))

  it.live("cuts what hangs after its grace", () =>
    Effect.scoped(Effect.gen(function*() {
      const scope = yield* Scope.make()
      const { asked, handler } = yield* slow
      const port = yield* Scope.extend(bindTo(["127.0.0.1"], 0, handler), scope)
      const to = { host: "127.0.0.1", port }
      const never = yield* Effect.fork(get(port, "/slow"))
      yield* asked
      const half = yield* raw.open(to)
      half.write("POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\nhal")
      const time = yield* timeToClose(scope)
      assert.isAbove(time, 2_500)
      assert.isBelow(time, 4_000)
      assert.strictEqual(yield* Fiber.join(never), "")
    })))

  it.live("answers who wishes for another protocol as it answers all, with what stands in its body", () =>
    Effect.scoped(Effect.gen(function*() {
      const echo: Handler = (request, response) => {
        const parts: Array<Buffer> = []
        request.on("data", (part: Buffer) => parts.push(part))
        request.on("end", () => response.end(`${request.method} ${Buffer.concat(parts).length}`))
      }
      const addresses = yield* Binding.resolveAll(["127.0.0.1"])
      const upgrade = (_: unknown, socket: Socket) => void socket.end("upgraded")
      const port = yield* bind({ request: echo, upgrade }, addresses, 0)
      const ask = (protocol: string, length: number) =>
        raw.send(
          { host: "127.0.0.1", port },
          `POST / HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade, close\r\nUpgrade: ${protocol}\r\n` +
            `Content-Length: ${length}\r\n\r\n${"a".repeat(length)}`
        )
      assert.include(yield* ask("h2c", 100_000), "POST 100000")
      assert.include(yield* ask("h2c", 0), "POST 0")
      assert.include(yield* ask("WebSocket", 0), "upgraded")
    })))

  it.live("takes the requests of a connection one after the other, and answers in their order", () =>
    Effect.scoped(Effect.gen(function*() {
      let now = 0
      let most = 0
      const one: Handler = (request, response) => {
        most = Math.max(most, ++now)
        setTimeout(() => response.end(request.url, () => now--), 2)
      }
      const port = yield* bindTo(["127.0.0.1"], 0, one)
      const requests = Array.from({ length: 60 }, (_, index) => `GET /${index} HTTP/1.1\r\nHost: localhost\r\n\r\n`)
      const last = "GET /last HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
      const answer = yield* raw.send({ host: "127.0.0.1", port }, requests.join("") + last)
      const order = Array.from(answer.matchAll(/\r\n(\/(?:\d+|last))/g), ([, path]) => path)
      assert.deepStrictEqual(order, [...requests.map((_, index) => `/${index}`), "/last"])
      assert.strictEqual(most, 1)
    })))

  it.live("cuts a connection that sends hundreds of requests ahead, and does not start them", () =>
    Effect.scoped(Effect.gen(function*() {
      let started = 0
      const port = yield* bindTo(["127.0.0.1"], 0, () => void started++)
      const socket = yield* raw.open({ host: "127.0.0.1", port })
      socket.on("error", () => undefined)
      socket.write("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n".repeat(1_000))
      yield* Effect.async<void>((resume) => {
        socket.resume().once("close", () => resume(Effect.void))
      })
      assert.strictEqual(started, 1)
    })))

  it.live("does not wait for connections that are idle, or have never asked for anything", () =>
    Effect.scoped(Effect.gen(function*() {
      const scope = yield* Scope.make()
      const port = yield* Scope.extend(bindTo(["127.0.0.1"], 0), scope)
      const to = { host: "127.0.0.1", port }
      yield* raw.open(to)
      const idle = yield* raw.open(to)
      idle.write("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
      yield* Effect.sleep("100 millis")
      assert.isBelow(yield* timeToClose(scope), 1_000)
    })))

  it.live("answers everyone whom it lets in from the first moment on", () =>
    Effect.scoped(Effect.gen(function*() {
      const port = yield* Effect.scoped(bindTo(["127.0.0.1"], 0))
      const results: Array<string> = []
      const knocking = yield* Effect.fork(Effect.forever(
        Effect.flatMap(Effect.either(get(port)), (result) =>
          Effect.sync(() =>
            results.push(result._tag === "Left" ? result.left.code ?? "" : result.right.slice(0, 15))
          ))
      ))
      yield* Effect.sleep("100 millis")
      yield* bindTo(["127.0.0.1"], port)
      yield* Effect.sleep("200 millis")
      yield* Fiber.interrupt(knocking)
      assert.deepStrictEqual(Array.from(new Set(results)).sort(), ["ECONNREFUSED", "HTTP/1.1 200 OK"])
    })))
})
