import { assert, describe, it } from "@effect/vitest"
import { Clock, DateTime, Effect, Option } from "effect"
import * as Api from "../../test/api.ts"
import * as Processes from "../../test/processes.ts"
import { dataFolder, layerServer, startServer } from "../../test/withServer.ts"
import * as ControlSocket from "../ControlSocket.ts"
import * as DataDirectory from "../DataDirectory.ts"
import { version } from "../version.ts"

describe("the status of a server", () => {
  it.scopedLive("says who it is, where, since when, and how many are connected, to its owner", () =>
    Effect.gen(function*() {
      const baseDir = yield* dataFolder
      const before = yield* Clock.currentTimeMillis
      const { endpoints, environment } = yield* startServer({ baseDir })
      const status = Option.getOrThrow(yield* ControlSocket.status(DataDirectory.at(baseDir)))
      const { startedAt, ...rest } = status
      assert.deepStrictEqual<unknown>(rest, { connections: 0, endpoints, environment, pid: process.pid, version })
      assert.isAtLeast(DateTime.toEpochMillis(startedAt), before)
      assert.isAtMost(DateTime.toEpochMillis(startedAt), yield* Clock.currentTimeMillis)
    }))

  it.scopedLive("is not there for whoever comes over the network, whatever their rights", () =>
    Effect.gen(function*() {
      for (const headers of [{}, Api.withBearer(yield* Api.bearer())]) {
        const { body, status } = yield* Api.call("/api/status", { headers })
        assert.deepStrictEqual([status, body["_tag"], Object.keys(body).sort()], [404, "NotFound", [
          "_tag",
          "hint",
          "message"
        ]])
      }
    }).pipe(Effect.provide(layerServer())))
})

describe("a second server in a directory", () => {
  it.scopedLive("7: is told which process runs there, since when, where, and what makes a link for it", () =>
    Effect.gen(function*() {
      const baseDir = yield* dataFolder
      const first = yield* Processes.run("serve", { baseDir, port: 0 })
      const error = yield* Effect.flip(Effect.scoped(startServer({ baseDir })))
      assert.strictEqual(error._tag, "DirectoryHeld")
      const endpoints = first.first["endpoints"] as ReadonlyArray<string>
      assert.include(error.message, `A T3 server (pid ${first.pid}, since `)
      assert.include(error.message, `uses ${baseDir} and listens at ${endpoints.join(", ")}.`)
      assert.include(error.hint, "`t3 pair` makes a link for it")
    }))

  it.scopedLive("7: is not kept waiting by one that hangs", () =>
    Effect.gen(function*() {
      const baseDir = yield* dataFolder
      const first = yield* Processes.run("serve", { baseDir, port: 0 })
      first.process.kill("SIGSTOP")
      const before = yield* Clock.currentTimeMillis
      const error = yield* Effect.flip(Effect.scoped(startServer({ baseDir })))
      assert.isBelow((yield* Clock.currentTimeMillis) - before, 2_500)
      assert.include(error.message, `A T3 server (pid ${first.pid}, since `)
      assert.include(error.message, "does not answer")
    }))
})
