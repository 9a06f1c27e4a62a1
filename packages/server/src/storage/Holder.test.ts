import { assert, describe, it } from "@effect/vitest"
import type { Status } from "@t3/protocol/Status"
import { Clock, DateTime, Effect } from "effect"
import { temporaryFolder } from "../../test/withServer.ts"
import * as ControlSocket from "../ControlSocket.ts"
import * as DataDirectory from "../DataDirectory.ts"
import type { Handler } from "../network/listen.ts"
import { heldBy, type Holder } from "./Holder.ts"

const server: Holder = { kind: "server", pid: 4711, since: Date.parse("2026-01-31T12:05:59.999Z") }

/** A data directory whose control socket answers so; without one there is none. */
const directoryWith = (handler?: Handler, windows = false) =>
  Effect.gen(function*() {
    const path = yield* temporaryFolder
    const { controlKey } = DataDirectory.at(path, windows ? "win32" : "linux")
    const directory = { ...DataDirectory.at(path), controlKey }
    if (handler !== undefined) yield* ControlSocket.open(directory, handler)
    return directory
  })

const says = (status: Partial<typeof Status.Encoded>): Handler => (request, response) => {
  assert.strictEqual(request.url, "/api/status")
  const body: typeof Status.Encoded = {
    connections: 2,
    endpoints: ["http://100.64.0.7:3773", "http://127.0.0.1:3773"],
    environment: { id: "e".repeat(12), label: "box" },
    pid: 4711,
    startedAt: "2026-01-31T12:05:59.999Z",
    version: "0.1.0",
    ...status
  }
  response.setHeader("content-type", "application/json").end(JSON.stringify(body))
}

/** When it began, as it is told. */
const sinceOf = (message: string) =>
  Date.parse(/since (\d{4}-\d\d-\d\d \d\d:\d\d:\d\d [+-]\d\d:\d\d)/.exec(message)?.[1] ?? "")

describe("who is told that a directory is held", () => {
  it.scopedLive.each([false, true])(
    "7: learns who holds it, since when, where it is and what to do (Windows: %s)",
    (windows) =>
      Effect.gen(function*() {
        const directory = yield* directoryWith(says({}), windows)
        const { hint, message, server: status } = yield* heldBy(directory, server)
        assert.include(message, "A T3 server (pid 4711, since ")
        assert.strictEqual(sinceOf(message), Math.floor(server.since / 1_000) * 1_000)
        assert.include(message, `uses ${directory.path} and listens at http://100.64.0.7:3773, http://127.0.0.1:3773.`)
        assert.strictEqual(hint, "`t3 pair` makes a link for it; or choose another --base-dir.")
        assert.strictEqual(status?.environment.label, "box")
      })
  )

  it.scopedLive("learns it of the server itself where the lock names nobody", () =>
    Effect.gen(function*() {
      const { message } = yield* heldBy(yield* directoryWith(says({ pid: 4712 })), undefined)
      assert.include(message, "A T3 server (pid 4712, since ")
      assert.strictEqual(sinceOf(message), DateTime.toEpochMillis(DateTime.unsafeMake("2026-01-31T12:05:59Z")))
    }))

  it.scopedLive("is told so where it has no address yet", () =>
    Effect.gen(function*() {
      const { message } = yield* heldBy(yield* directoryWith(says({ endpoints: [] })), server)
      assert.include(message, "has no address yet")
    }))

  it.scopedLive("waits a second for a server that does not answer, and is told that it does not", () =>
    Effect.gen(function*() {
      const directory = yield* directoryWith(() => undefined)
      const before = yield* Clock.currentTimeMillis
      const { hint, message, server: status } = yield* heldBy(directory, server)
      const waited = (yield* Clock.currentTimeMillis) - before
      assert.isAbove(waited, 900)
      assert.isBelow(waited, 2_000)
      assert.include(message, "A T3 server (pid 4711")
      assert.include(message, "does not answer")
      assert.include(hint, "End process 4711")
      assert.isUndefined(status)
    }))

  it.scopedLive.each<[string, Handler | undefined]>([
    ["listens on no socket", undefined],
    ["hangs up", (_, response) => void response.destroy()],
    [
      "breaks off",
      (_, response) => void response.writeHead(200, { "content-length": 99 }).write("{", () => response.destroy())
    ],
    ["has another answer", (_, response) => void response.writeHead(404).end("{\"_tag\":\"NotFound\"}")]
  ])("is told at once of a server that %s", ([, handler]) =>
    Effect.gen(function*() {
      const before = yield* Clock.currentTimeMillis
      const { message } = yield* heldBy(yield* directoryWith(handler), server)
      assert.isBelow((yield* Clock.currentTimeMillis) - before, 500)
      assert.include(message, "does not answer")
    }))

  it.scopedLive("is told to wait for a command, which is asked nothing", () =>
    Effect.gen(function*() {
      const directory = yield* directoryWith(() => assert.fail("asked"))
      const { hint, message } = yield* heldBy(directory, { ...server, kind: "command" })
      assert.include(message, "A t3 command (pid 4711, since ")
      assert.include(hint, "Try again when it has ended.")
    }))

  it.scopedLive("is told of a stranger where nothing is known", () =>
    Effect.gen(function*() {
      const { hint, message } = yield* heldBy(yield* directoryWith(), undefined)
      assert.include(message, "Another process uses ")
      assert.include(hint, "--base-dir")
    }))
})
