import { assert, describe, it } from "@effect/vitest"
import { Clock, Effect, Exit, Fiber, Scope } from "effect"
import { withBearer } from "../../test/api.ts"
import { issueSession } from "../../test/control.ts"
import { handshake, protocols } from "../../test/handshake.ts"
import { connect, type Live, ticketOf } from "../../test/live.ts"
import * as Processes from "../../test/processes.ts"
import * as raw from "../../test/raw.ts"
import { listen } from "../../test/sse.ts"
import { until } from "../../test/until.ts"
import { dataFolder, portOf, startServer } from "../../test/withServer.ts"

const sockets = 500

/** What a connection was sent last, before it was closed. */
const lastItem = (live: Live) => live.messages.findLast((message) => message._tag === "Chunk")?.values?.at(-1)?._tag

describe("a server that ends", () => {
  it.scopedLive("tells 500 sockets to come again, and is gone within two seconds", () =>
    Effect.gen(function*() {
      const baseDir = yield* dataFolder
      const server = yield* Processes.run("serve", { baseDir, port: 0 })
      const base = (server.first["endpoints"] as ReadonlyArray<string>)[0] ?? ""
      const { token } = yield* issueSession(baseDir, { role: "viewer" })
      const lives = yield* Effect.replicateEffect(connect(base, token), sockets, { concurrency: 16 })
      const listeners = lives.slice(0, 50)
      yield* Effect.forEach(listeners, (live) => live.follow(), { concurrency: "unbounded" })
      const sse = yield* listen(base, { headers: withBearer(token) })
      yield* until("the stream is open", () => sse.frames.length > 0)
      const before = yield* Clock.currentTimeMillis
      yield* server.kill("SIGTERM")
      const took = (yield* Clock.currentTimeMillis) - before
      yield* until("all are closed", () => lives.every((live) => live.end() !== ""))
      yield* until("the stream has ended", () => sse.end() !== "open")
      assert.deepStrictEqual(Array.from(new Set(lives.map((live) => live.end()))), ["1012 Unavailable"])
      assert.deepStrictEqual(Array.from(new Set(listeners.map(lastItem))), ["Stopping"])
      assert.deepStrictEqual([sse.frames.at(-1)?.event, sse.end()], ["Stopping", "ended"])
      assert.isBelow(took, 2_000)
    }), 60_000)

  it.scopedLive("does not wait for peers that are silent, whichever protocol they speak", () =>
    Effect.gen(function*() {
      const scope = yield* Scope.make()
      const baseDir = yield* dataFolder
      const { base } = yield* Scope.extend(startServer({ baseDir }), scope)
      const { token } = yield* issueSession(baseDir)
      const port = portOf(base)
      for (const version of ["v1", "v2"]) {
        const socket = yield* raw.open({ host: "127.0.0.1", port })
        const offered = protocols(yield* ticketOf(base, token)).replace(".v1", `.${version}`)
        let text = ""
        socket.on("data", (chunk) => {
          text += String(chunk)
        })
        socket.write(handshake(port, "", { headers: { "Sec-WebSocket-Protocol": offered } }))
        yield* until("it is upgraded", () => text.includes(" 101 "))
      }
      const before = yield* Clock.currentTimeMillis
      yield* Scope.close(scope, Exit.void)
      assert.isBelow((yield* Clock.currentTimeMillis) - before, 2_000)
    }))

  it.scopedLive("takes no connection any more, and says so to who comes", () =>
    Effect.gen(function*() {
      const scope = yield* Scope.make()
      const baseDir = yield* dataFolder
      const { base } = yield* Scope.extend(startServer({ baseDir }), scope)
      const { token } = yield* issueSession(baseDir)
      const port = portOf(base)
      // Somebody is told of the end, which takes its time.
      const live = yield* connect(base, token)
      const tickets = yield* Effect.replicateEffect(ticketOf(base, token), 30)
      const late = yield* Effect.forEach(tickets, (ticket) =>
        Effect.map(raw.open({ host: "127.0.0.1", port }), (socket) => {
          let text = ""
          socket.on("error", () =>
            undefined)
          socket.on("data", (chunk: Buffer) => {
            text += chunk.toString("latin1")
          })
          return { socket, text: () => text, ticket }
        }))
      const closing = yield* Effect.fork(Scope.close(scope, Exit.void))
      for (const { socket, ticket } of late) {
        socket.write(handshake(port, ticket))
        yield* Effect.sleep("2 millis")
      }
      yield* Fiber.join(closing)
      yield* until("all are closed", () =>
        late.every(({ socket }) => socket.destroyed))
      const answers = late.map(({ text }) => text()).filter((text) => text !== "")
      const refused = answers.filter((text) => text.startsWith("HTTP/1.1 503 "))
      assert.isAbove(refused.length, 0)
      for (const text of refused) {
        assert.include(text, "\"_tag\":\"Unavailable\"")
        assert.include(text, "x-content-type-options: nosniff")
      }
      // Who came before was let in, and told to come again.
      const taken = answers.filter((text) => !refused.includes(text))
      for (const text of taken) assert.include(text, "\x03\xf4Unavailable")
      assert.strictEqual(live.end(), "1012 Unavailable")
    }))
})
