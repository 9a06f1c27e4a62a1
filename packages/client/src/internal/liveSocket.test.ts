import { Socket } from "@effect/platform"
import { assert, describe, it } from "@effect/vitest"
import { Errors } from "@t3/protocol"
import { Cause, Effect, Exit } from "effect"
import * as P from "../../test/live.ts"
import * as WebSocketConstructor from "../node/WebSocketConstructor.ts"
import * as LiveSocket from "./liveSocket.ts"

const open = (socket: Socket.Socket) =>
  LiveSocket.open({
    address: "http://box",
    onEnd: () => Effect.void,
    ping: "ping",
    receive: () => Effect.void,
    socket,
    whyNotOpened: Effect.succeed(new Errors.Unavailable())
  })

describe("LiveSocket", () => {
  it.scopedLive("takes nothing more once it has ended, rather than keeping it for ever", () =>
    Effect.gen(function*() {
      const server = yield* P.peer((_, socket) => socket.close(4401, "SessionRevoked"))
      const socket = yield* Socket.makeWebSocket(server.url.replace("http", "ws"), {
        closeCodeIsError: () => true,
        protocols: "t3.rpc.v1"
      }).pipe(Effect.provide(WebSocketConstructor.layer))
      const live = yield* open(socket)
      yield* live.stillOpen
      yield* live.write("{}")
      assert.strictEqual((yield* Effect.flip(live.closed))._tag, "SessionRevoked")
      assert.strictEqual((yield* Effect.flip(live.stillOpen))._tag, "SessionRevoked")
      assert.strictEqual((yield* Effect.flip(live.write("{}")))._tag, "SessionRevoked")
      assert.deepStrictEqual(server.said, ["{}"])
    }))

  it.scopedLive("hides no fault of its own behind an end", () =>
    Effect.gen(function*() {
      const socket = yield* Socket.fromWebSocket(Effect.dieMessage("a fault"))
      const exit = yield* Effect.exit(open(socket))
      assert.isTrue(Exit.isFailure(exit) && Cause.isDie(exit.cause))
    }))
})
