import { assert, layer } from "@effect/vitest"
import Sqlite from "better-sqlite3"
import { Clock, Effect } from "effect"
import { subscribe, unsubscribe } from "node:diagnostics_channel"
import type { Socket } from "node:net"
import { join } from "node:path"
import { withBearer } from "../../test/api.ts"
import { connections, issueSession, revokeSession } from "../../test/control.ts"
import { frame, handshake } from "../../test/handshake.ts"
import { ticketOf } from "../../test/live.ts"
import * as raw from "../../test/raw.ts"
import { until, untilEffect } from "../../test/until.ts"
import { BaseDir, baseUrl, layerMachine, portOf } from "../../test/withServer.ts"

/** A connection, and the server's side of it. */
const open = (port: number) =>
  Effect.gen(function*() {
    const accepted: Array<Socket> = []
    const note = (message: unknown) => accepted.push((message as { socket: Socket }).socket)
    yield* Effect.acquireRelease(
      Effect.sync(() => subscribe("net.server.socket", note)),
      () => Effect.sync(() => unsubscribe("net.server.socket", note))
    )
    const ours = yield* raw.open({ host: "127.0.0.1", port })
    ours.on("error", () => undefined)
    const side = () => accepted.find(({ remotePort }) => remotePort === ours.localPort)
    yield* until("the server has it", () => side() !== undefined)
    return { ours, theirs: side() as Socket }
  })

/** Takes no more of what comes, without a word. */
const stopReading = (socket: Socket) => {
  socket.removeAllListeners("data")
  socket.pause()
}

const call = (id: number) =>
  frame(
    JSON.stringify({ _tag: "Request", headers: [], id: String(id), payload: { limit: "200" }, tag: "access.readLog" })
  )

layer(layerMachine(), { excludeTestServices: true })("5: a peer that is silent", (it) => {
  const session = Effect.gen(function*() {
    const base = yield* baseUrl
    const { id, token } = yield* issueSession(yield* BaseDir)
    return { base, id, port: portOf(base), token }
  })

  /** A live connection that answers nothing. */
  const silent = (of: Effect.Effect.Success<typeof session>) =>
    Effect.gen(function*() {
      const both = yield* open(of.port)
      let text = ""
      both.ours.on("data", (chunk) => {
        text += String(chunk)
      })
      both.ours.write(handshake(of.port, yield* ticketOf(of.base, of.token)))
      yield* until("it is open", () => text.includes(" 101 "))
      return both
    })

  /** Makes a page of the log so long that a few of them fill the buffers. */
  const fillLog = Effect.map(BaseDir, (baseDir) => {
    const database = new Sqlite(join(baseDir, "t3.db"))
    const add = database.prepare(
      "INSERT INTO t3_access_log (at, event, reason, times) VALUES (?, 'scope.denied', ?, 1)"
    )
    database.transaction(() => {
      for (let count = 0; count < 200; count++) add.run(Date.now(), "x".repeat(2_000))
    })()
    database.close()
  })

  /** Calls without reading until the server cannot get rid of its answers. */
  const clog = (ours: Socket, theirs: Socket) => {
    let id = 0
    return untilEffect(
      "the buffers are full",
      Effect.sync(() => {
        for (let count = 0; count < 2 && theirs.writableLength === 0; count++) ours.write(call(++id))
        return theirs.writableLength > 0
      })
    )
  }

  const revoked = (id: string) =>
    Effect.gen(function*() {
      const before = yield* Clock.currentTimeMillis
      const { body } = yield* revokeSession(yield* BaseDir, id)
      assert.isBelow((yield* Clock.currentTimeMillis) - before, 1_500)
      return body["connectionsClosed"]
    })

  it.scoped("is cut off, and holds nobody up: when it hears the close and says nothing", () =>
    Effect.gen(function*() {
      const of = yield* session
      const all = yield* Effect.replicateEffect(silent(of), 5)
      assert.strictEqual(yield* revoked(of.id), 5)
      for (const { theirs } of all) assert.isTrue(theirs.destroyed)
    }))

  it.scoped("is cut off, and holds nobody up: when it has not read for long", () =>
    Effect.gen(function*() {
      const of = yield* session
      yield* fillLog
      const { ours, theirs } = yield* silent(of)
      stopReading(ours)
      yield* clog(ours, theirs)
      assert.isFalse(theirs.destroyed)
      assert.strictEqual(yield* revoked(of.id), 1)
      assert.isTrue(theirs.destroyed)
      assert.strictEqual(yield* connections(yield* BaseDir), 0)
    }))

  it.scoped("is cut off, and holds nobody up: when it has not read its stream", () =>
    Effect.gen(function*() {
      const of = yield* session
      const { ours, theirs } = yield* open(of.port)
      ours.write(
        `GET /api/events HTTP/1.1\r\nHost: localhost\r\nAuthorization: ${withBearer(of.token).authorization}\r\n\r\n`
      )
      yield* untilEffect("it is there", Effect.map(connections(yield* BaseDir), (count) => count === 1))
      ours.pause()
      // What others did not read would do the same; it only takes longer.
      theirs.write(Buffer.alloc(20_000_000))
      assert.isAbove(theirs.writableLength, 0)
      assert.strictEqual(yield* revoked(of.id), 1)
      assert.isTrue(theirs.destroyed)
    }))

  it.scoped("is cut off, and holds nobody up: when its request is not complete", () =>
    Effect.gen(function*() {
      const of = yield* session
      const { ours, theirs } = yield* open(of.port)
      let text = ""
      ours.on("data", (chunk) => {
        text += String(chunk)
      })
      ours.write(
        `POST /api/access/pairings HTTP/1.1\r\nHost: localhost\r\nAuthorization: ${
          withBearer(of.token).authorization
        }\r\n` +
          "Content-Type: application/json\r\nContent-Length: 100\r\n\r\n{"
      )
      yield* Effect.sleep("50 millis")
      assert.strictEqual(yield* revoked(of.id), 0)
      assert.isTrue(theirs.destroyed)
      assert.notInclude(text, " 201 ")
    }))

  it.scoped("that lets more than 1 MiB wait is closed, and a revocation waits for the end of that", () =>
    Effect.gen(function*() {
      const of = yield* session
      yield* fillLog
      const { ours, theirs } = yield* silent(of)
      stopReading(ours)
      for (let id = 0; id < 40; id++) ours.write(call(id))
      yield* until("much waits", () => theirs.writableLength > 1024 * 1024)
      assert.isFalse(theirs.destroyed)
      yield* revoked(of.id)
      assert.isTrue(theirs.destroyed)
      assert.strictEqual(yield* connections(yield* BaseDir), 0)
    }))
})
