import { assert, describe, it } from "@effect/vitest"
import { Clock, Effect, Exit, Fiber, Option, Scope } from "effect"
import * as fs from "node:fs"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { join } from "node:path"
import * as Processes from "../test/processes.ts"
import * as raw from "../test/raw.ts"
import { dataFolder, portOf, startServer } from "../test/withServer.ts"
import * as ControlSocket from "./ControlSocket.ts"
import * as DataDirectory from "./DataDirectory.ts"
import type { Options } from "./T3Server.ts"

/** What keeps it from starting. */
const refusal = (options: Options) => Effect.flip(Effect.scoped(startServer(options)))

/** A port that somebody else listens on. */
const taken = Effect.map(
  Effect.acquireRelease(
    Effect.async<ReturnType<typeof createServer>>((resume) => {
      const server = createServer()
      server.listen(0, "127.0.0.1", () => resume(Effect.succeed(server)))
    }),
    (server) => Effect.sync(() => server.close())
  ),
  (server) => (server.address() as AddressInfo).port
)

describe("a server that starts", () => {
  it.scopedLive("answers every connection that it accepts, from the first on", () =>
    Effect.gen(function*() {
      const baseDir = yield* dataFolder
      const { base } = yield* Effect.scoped(startServer({ baseDir }))
      const port = portOf(base)
      const seen: Array<string> = []
      const ask = raw.send(
        { host: "127.0.0.1", port },
        "GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
      ).pipe(
        Effect.match({
          onFailure: ({ code }) => code ?? "",
          onSuccess: (answer) => answer.slice(0, 15)
        }),
        Effect.tap((result) => Effect.sync(() => seen.push(result)))
      )
      const asking = yield* Effect.fork(Effect.replicateEffect(Effect.forever(ask), 4).pipe(Effect.withConcurrency(4)))
      yield* Processes.run("serve", { baseDir, port })
      yield* Effect.sleep("200 millis")
      yield* Fiber.interrupt(asking)
      assert.deepStrictEqual(Array.from(new Set(seen)).sort(), ["ECONNREFUSED", "HTTP/1.1 200 OK"])
    }))
})

describe("a server that cannot start", () => {
  it.scopedLive("2: 20: makes nothing where a host or the folder is refused", () =>
    Effect.gen(function*() {
      const baseDir = yield* dataFolder
      assert.strictEqual((yield* refusal({ baseDir, hosts: [""] }))._tag, "HostRefused")
      assert.strictEqual((yield* refusal({ baseDir, hosts: ["192.0.2.7"] }))._tag, "HostRefused")
      assert.strictEqual((yield* refusal({ advertiseHosts: ["http://box"], baseDir }))._tag, "HostRefused")
      assert.strictEqual((yield* refusal({ baseDir, cwd: join(baseDir, "missing") }))._tag, "FolderRefused")
      assert.strictEqual((yield* refusal({ baseDir, cwd: process.execPath }))._tag, "FolderRefused")
      assert.isFalse(fs.existsSync(baseDir))
    }))

  it.scopedLive("15: lets go of the folder where the port is taken", () =>
    Effect.gen(function*() {
      const baseDir = yield* dataFolder
      const port = yield* taken
      const error = yield* refusal({ baseDir, cwd: baseDir.replace(/data$/, ""), port })
      assert.strictEqual(error._tag, "PortRefused")
      assert.include(error.message, String(port))
      assert.deepStrictEqual(fs.readdirSync(baseDir).sort(), ["lock.db", "t3.db"])
      yield* startServer({ baseDir })
    }))

  it.scopedLive("keeps its name where a start under another is refused", () =>
    Effect.gen(function*() {
      const baseDir = yield* dataFolder
      const labelOf = (options: Partial<Options>) =>
        Effect.scoped(Effect.map(startServer({ baseDir, ...options }), ({ environment }) => environment.label))
      assert.strictEqual(yield* labelOf({ label: "first" }), "first")
      yield* refusal({ baseDir, label: "second", port: yield* taken })
      assert.strictEqual(yield* labelOf({}), "first")
      assert.strictEqual(yield* labelOf({ label: "third" }), "third")
      assert.strictEqual(yield* labelOf({}), "third")
    }))

  it.scopedLive("is found by a link to its folder", () =>
    Effect.gen(function*() {
      const baseDir = yield* dataFolder
      const { path } = yield* DataDirectory.prepare(baseDir)
      const link = `${baseDir}-link`
      fs.symlinkSync(path, link)
      yield* startServer({ baseDir: link })
      for (const way of [baseDir, link]) {
        const found = yield* DataDirectory.find(way)
        assert.isTrue(yield* ControlSocket.isAlive(Option.getOrThrow(found).socket), way)
      }
    }))

  it.scopedLive("keeps a damaged database, and does not open the port", () =>
    Effect.gen(function*() {
      const baseDir = yield* dataFolder
      yield* DataDirectory.prepare(baseDir)
      fs.writeFileSync(join(baseDir, "t3.db"), "damaged")
      assert.strictEqual((yield* refusal({ baseDir }))._tag, "DatabaseRefused")
      assert.strictEqual(fs.readFileSync(join(baseDir, "t3.db"), "utf8"), "damaged")
    }))
})

describe("a server that ends", () => {
  it.scopedLive("is gone within four seconds, whoever hangs on", () =>
    Effect.gen(function*() {
      const baseDir = yield* dataFolder
      const scope = yield* Scope.make()
      const { base } = yield* Scope.extend(startServer({ baseDir }), scope)
      const half =
        "POST /api/session HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{"
      for (const to of [{ host: "127.0.0.1", port: portOf(base) }, { path: DataDirectory.at(baseDir).socket }]) {
        const socket = yield* raw.open(to)
        socket.write(half)
      }
      yield* Effect.sleep("100 millis")
      const before = yield* Clock.currentTimeMillis
      yield* Scope.close(scope, Exit.void)
      assert.isBelow((yield* Clock.currentTimeMillis) - before, 4_000)
      yield* startServer({ baseDir })
    }))

  it.scopedLive("ends well at SIGTERM, and takes its socket along", () =>
    Effect.gen(function*() {
      const baseDir = yield* dataFolder
      const server = yield* Processes.run("serve", { baseDir, port: 0 })
      const before = yield* Clock.currentTimeMillis
      yield* server.kill("SIGTERM")
      assert.isBelow((yield* Clock.currentTimeMillis) - before, 2_000)
      assert.deepStrictEqual(fs.readdirSync(baseDir).sort(), ["lock.db", "t3.db"])
    }))
})
