/**
 * The RPC protocol over one WebSocket: opened once, and when it has ended, all that is under way fails with the reason.
 *
 * `RpcClient.makeProtocolSocket` connects again for ever, gives up at the first pong that is late, and turns an end into
 * a defect of the call.
 *
 * @since 0.1.0
 */
import type * as Socket from "@effect/platform/Socket"
import * as RpcClient from "@effect/rpc/RpcClient"
import { RpcClientError } from "@effect/rpc/RpcClientError"
import { constPing, type FromClientEncoded, type FromServerEncoded } from "@effect/rpc/RpcMessage"
import { Refusal, Unavailable } from "@t3/protocol/Errors"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import * as Answer from "./answer.ts"
import * as Message from "./liveMessage.ts"
import * as LiveSocket from "./liveSocket.ts"

/** An open connection, and what `RpcClient` needs to make calls over it. */
export interface Connection {
  readonly protocol: typeof RpcClient.Protocol.Service
  readonly socket: LiveSocket.LiveSocket
}

export interface Options {
  readonly address: string
  readonly socket: Socket.Socket
  /** Finds out why no connection came about. */
  readonly whyNotOpened: Effect.Effect<Refusal>
}

type Deliver = (message: FromServerEncoded) => Effect.Effect<void>

/** One message a frame. */
const encode = (message: FromClientEncoded): string => JSON.stringify(message)

const isRefusal = Schema.is(Refusal)

/** The one shape in which `RpcClient` takes the reason of an end. */
const toClientError = (reason: Refusal): RpcClientError =>
  new RpcClientError({ cause: reason, message: reason.message, reason: "Protocol" })

/** Why the connection ended under a call. Without a reason it did not: the server has failed at something. */
export const reasonOf = (error: RpcClientError): Refusal => isRefusal(error.cause) ? error.cause : new Unavailable()

/** Hands messages on. What is none ends the connection; a stream that cannot read its own is called off. */
const makeReceive = (address: string, deliver: Deliver): LiveSocket.Options["receive"] => {
  const notT3 = () => Answer.fromDecoding(address, undefined)
  return (frame, socket) =>
    Effect.suspend(() => Either.mapLeft(Message.decode(frame), notT3)).pipe(
      Effect.catchAllDefect(notT3),
      Effect.flatMap((message) =>
        Effect.catchAllDefect(deliver(message), () =>
          message._tag === "Chunk"
            ? Effect.ignore(socket.write(encode({ _tag: "Interrupt", requestId: message.requestId })))
            : Effect.void)
      )
    )
}

/** Opens the connection, and keeps it until it ends or the scope is closed. Fails with the reason if it does not open. */
export const open = (options: Options): Effect.Effect<Connection, Refusal, Scope.Scope> =>
  Effect.gen(function*() {
    let deliver: Deliver = () => Effect.void
    const socket = yield* LiveSocket.open({
      ...options,
      onEnd: (reason) => deliver({ _tag: "ClientProtocolError", error: toClientError(reason) }),
      ping: encode(constPing),
      receive: makeReceive(options.address, (message) => deliver(message))
    })
    const protocol = yield* RpcClient.Protocol.make((run) =>
      Effect.sync(() => {
        deliver = run
        return {
          send: (message) => Effect.mapError(socket.write(encode(message)), toClientError),
          supportsAck: true,
          supportsTransferables: false
        }
      })
    )
    return { protocol, socket }
  })
