/** What a request is to the session that made it: while it is answered, the end of the session is its end. */
import * as NodeHttpServerRequest from "@effect/platform-node/NodeHttpServerRequest"
import type * as HttpServerRequest from "@effect/platform/HttpServerRequest"
import { type Connection, type Connections, currentConnection, type Ending } from "@t3/auth-core/Connections"
import type { SessionRefusal } from "@t3/protocol/Errors"
import type { SessionId } from "@t3/protocol/Ids"
import * as Effect from "effect/Effect"
import * as FiberId from "effect/FiberId"
import * as FiberRef from "effect/FiberRef"
import { globalValue } from "effect/GlobalValue"
import type { ServerResponse } from "node:http"
import { type Ending as Waiting, orReset } from "../live/orReset.ts"

/** Why the request that this fiber answers was cut short. */
export const ending: FiberRef.FiberRef<{ reason?: Ending }> = globalValue(
  "@t3/server/ending",
  () => FiberRef.unsafeMake<{ reason?: Ending }>({})
)

const answered = (response: ServerResponse): Waiting => (done) => {
  if (response.writableFinished || response.destroyed) return done()
  response.once("finish", done)
  response.once("close", done)
}

/**
 * Ties the request of this fiber to its session until it is answered. Cut short, its handler is interrupted, and what
 * goes out is the reason, or the end of the stream that had begun.
 */
export const tie = (
  connections: typeof Connections.Service,
  request: HttpServerRequest.HttpServerRequest,
  session: SessionId,
  lasting: boolean
): Effect.Effect<void, SessionRefusal> =>
  Effect.withFiberRuntime((fiber) => {
    const response = NodeHttpServerRequest.toServerResponse(request)
    const { socket } = NodeHttpServerRequest.toIncomingMessage(request)
    const cut: { reason?: Ending } = {}
    const connection: Connection = {
      end: (reason) =>
        Effect.suspend(() => {
          cut.reason = reason
          fiber.unsafeInterruptAsFork(FiberId.none)
          return orReset(socket, answered(response))
        }),
      lasting
    }
    // An answer whose turn on its connection never came is not told that the connection is gone.
    const gone = () => fiber.unsafeInterruptAsFork(FiberId.none)
    return Effect.gen(function*() {
      const close = yield* connections.open(session, connection)
      socket.once("close", gone)
      fiber.addObserver(() => {
        socket.off("close", gone)
        close()
      })
      yield* FiberRef.set(ending, cut)
      // Its answer ends it.
      yield* FiberRef.set(currentConnection, { connection, finish: () => Effect.void })
    })
  })
