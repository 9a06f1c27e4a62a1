/** Bytes over a connection, for what no HTTP client would send. */
import * as Effect from "effect/Effect"
import { connect, type NetConnectOpts, type Socket } from "node:net"

/** A connection, closed with the scope. */
export const open = (to: NetConnectOpts) =>
  Effect.acquireRelease(
    Effect.async<Socket, NodeJS.ErrnoException>((resume) => {
      const socket = connect(to)
      socket.once("connect", () => resume(Effect.succeed(socket)))
      socket.on("error", (error: NodeJS.ErrnoException) => resume(Effect.fail(error)))
    }),
    (socket) => Effect.sync(() => socket.destroy())
  )

/** Everything that comes until the other side closes. */
const untilClosed = (socket: Socket) =>
  Effect.async<string>((resume) => {
    let text = ""
    socket.on("data", (chunk) => {
      text += String(chunk)
    })
    socket.once("close", () => resume(Effect.succeed(text)))
  })

/** Sends `text` and gives what is answered; `Connection: close` in it ends the answer. */
export const send = (to: NetConnectOpts, text: string) =>
  Effect.scoped(Effect.gen(function*() {
    const socket = yield* open(to)
    const answer = yield* Effect.fork(untilClosed(socket))
    yield* Effect.yieldNow()
    socket.write(text)
    return yield* answer
  }))
