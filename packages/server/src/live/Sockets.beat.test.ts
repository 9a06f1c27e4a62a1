import { assert, it } from "@effect/vitest"
import { Connections } from "@t3/auth-core/Connections"
import { SessionStore } from "@t3/auth-core/SessionStore"
import { Unauthenticated } from "@t3/protocol/Errors"
import { Effect, Layer, Option, TestClock } from "effect"
import { makePeer } from "../../test/peer.ts"
import { Sockets } from "./Sockets.ts"

it.scoped("a peer is asked for a sign of life, and given up when it gives none twice in a row", () =>
  Effect.gen(function*() {
    let uses = 0
    const layer = Sockets.layer.pipe(Layer.provide([
      Layer.mock(Connections, { count: () => 0, open: () => Effect.succeed(() => undefined) }),
      Layer.mock(SessionStore, {
        current: () =>
          Effect.suspend(() => {
            uses += 1
            return new Unauthenticated()
          })
      })
    ]))
    yield* Effect.gen(function*() {
      const sockets = yield* Sockets
      const { calls, upgraded, ws } = makePeer()
      // The first look, at nobody.
      yield* TestClock.adjust("1 millis")
      yield* sockets.accept(upgraded)
      assert.isTrue(Option.isSome(sockets.sessionOf(0)))
      for (let beat = 1; beat <= 5; beat++) {
        yield* TestClock.adjust("30 seconds")
        ws.emit("pong")
        assert.deepStrictEqual([calls.pings, calls.terminated], [beat, 0])
      }
      // An open connection is a use of its session.
      assert.strictEqual(uses, 5)
      yield* TestClock.adjust("30 seconds")
      yield* TestClock.adjust("30 seconds")
      assert.deepStrictEqual([calls.pings, calls.terminated], [7, 0])
      ws.emit("message", Buffer.from("{\"_tag\":\"Ping\"}"))
      yield* TestClock.adjust("60 seconds")
      assert.strictEqual(calls.terminated, 0)
      yield* TestClock.adjust("30 seconds")
      assert.strictEqual(calls.terminated, 1)
      assert.isTrue(Option.isNone(sockets.sessionOf(0)))
      const { pings } = calls
      yield* TestClock.adjust("10 minutes")
      assert.deepStrictEqual([calls.pings, calls.terminated], [pings, 1])
      // Not one that says nothing: nobody is there.
      assert.strictEqual(uses, 7)
    }).pipe(Effect.provide(layer))
  }))
