/**
 * The live connections: one RPC server for all of them. Which session a call belongs to is decided by the connection
 * that it came over, and by nothing in the message.
 *
 * @since 0.1.0
 */
import type { FromClientEncoded } from "@effect/rpc/RpcMessage"
import * as RpcServer from "@effect/rpc/RpcServer"
import { Connections, currentConnection, type Ending } from "@t3/auth-core/Connections"
import { SessionStore } from "@t3/auth-core/SessionStore"
import { Source } from "@t3/auth-core/Source"
import type { SessionRefusal } from "@t3/protocol/Errors"
import type { SessionId } from "@t3/protocol/Ids"
import { closeCode, maxCalls } from "@t3/protocol/LiveConnection"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Mailbox from "effect/Mailbox"
import * as Option from "effect/Option"
import * as Runtime from "effect/Runtime"
import * as Schedule from "effect/Schedule"
import { LiveSocket, type Upgraded } from "./LiveSocket.ts"
import { faultOf, parse, refusalOf } from "./message.ts"

/** How often every peer is asked for a sign of life. */
const beatEvery = "30 seconds"

/** RFC 6455, 7.4.1: a message that cannot be understood. */
const unintelligible = 1007

type Write = (clientId: number, message: FromClientEncoded) => Effect.Effect<void>

export class Sockets extends Context.Tag("@t3/server/Sockets")<Sockets, {
  /** Takes an upgraded connection, unless its session has ended by now. */
  readonly accept: (upgraded: Upgraded) => Effect.Effect<void, SessionRefusal>
  /** The session of a connection; none once it is closed. */
  readonly sessionOf: (clientId: number) => Option.Option<SessionId>
  readonly protocol: typeof RpcServer.Protocol.Service
}>() {
  static readonly layer: Layer.Layer<Sockets, never, Connections | SessionStore> = Layer.scoped(
    this,
    Effect.suspend(() => make)
  )
}

/** Hands what the peers send to the RPC server. */
const makeReceive = (write: Write, run: (effect: Effect.Effect<void>) => unknown) => {
  const interruptOthers = (socket: LiveSocket, call: string) =>
    Effect.forEach(
      Array.from(socket.calls).filter((id) => id !== call),
      (requestId) => write(socket.id, { _tag: "Interrupt", requestId }),
      { discard: true }
    )

  /** One who ends its own session by a call gets the answer to that call, and nothing after it. */
  const ownOf = (socket: LiveSocket, call: string) => ({
    connection: socket,
    finish: (reason: Ending) =>
      Effect.suspend(() => {
        socket.finish(call, reason)
        return interruptOthers(socket, call)
      })
  })

  return (socket: LiveSocket, data: unknown): void => {
    socket.heard()
    if (!socket.isOpen) return
    const message = parse(data)
    if (message === undefined) return socket.close(unintelligible, "Invalid")
    const call = message._tag === "Request" ? message.id : undefined
    if (message._tag === "Request") {
      if (socket.calls.has(message.id)) return socket.close(unintelligible, "Invalid")
      const refusal = refusalOf(message)
      if (refusal !== undefined) return socket.send(refusal)
      if (socket.calls.size >= maxCalls) return socket.close(closeCode.overloaded, "TooManyCalls")
      socket.calls.add(message.id)
    }
    run(
      write(socket.id, message).pipe(
        Effect.locally(currentConnection, call === undefined ? undefined : ownOf(socket, call)),
        Effect.provideService(Source, socket.source)
      )
    )
  }
}

const make = Effect.gen(function*() {
  const connections = yield* Connections
  const sessions = yield* SessionStore
  const run = Runtime.runFork(yield* Effect.runtime())
  const sockets = new Map<number, LiveSocket>()
  const disconnects = yield* Mailbox.make<number>()
  let ids = 0
  let receive: ReturnType<typeof makeReceive> = () => undefined

  const protocol = yield* RpcServer.Protocol.make((write) =>
    Effect.sync(() => {
      receive = makeReceive(write, run)
      return {
        clientIds: Effect.sync(() => new Set(sockets.keys())),
        disconnects,
        end: () => Effect.void,
        initialMessage: Effect.succeedNone,
        send: (clientId, message) =>
          Effect.suspend(() => {
            const broken = faultOf(message)
            sockets.get(clientId)?.send(broken?.told ?? message)
            return broken === undefined ? Effect.void : Effect.logError("An answer could not be told", broken.fault)
          }),
        supportsAck: true,
        supportsSpanPropagation: false,
        supportsTransferables: false
      }
    })
  )

  const accept = (upgraded: Upgraded) =>
    Effect.suspend(() => {
      const id = ids++
      const socket = new LiveSocket(upgraded, id, () => {
        sockets.delete(id)
        disconnects.unsafeOffer(id)
      })
      return Effect.map(connections.open(upgraded.sessionId, socket), (forget) => {
        sockets.set(id, socket)
        // Not before: whoever ends the session waits for the last byte of those, too, that are closing already.
        upgraded.tcp.once("close", forget)
        upgraded.ws.on("message", (data) => receive(socket, data))
        upgraded.ws.on("pong", () => socket.heard())
        upgraded.ws.on("ping", () => socket.heard())
        upgraded.ws.once("close", () => socket.gone())
      })
    })

  /** An open connection is a use of its session, whether or not anything is called. */
  const beat = (socket: LiveSocket) =>
    Effect.suspend(() => {
      const life = socket.beat()
      if (life === "dead") socket.gone()
      return life === "heard" ? Effect.ignore(sessions.current(socket.sessionId)) : Effect.void
    })
  const beatAll = Effect.suspend(() => Effect.forEach(Array.from(sockets.values()), beat, { discard: true }))
  yield* Effect.forkScoped(Effect.interruptible(Effect.repeat(beatAll, Schedule.spaced(beatEvery))))

  return Sockets.of({
    accept,
    protocol,
    sessionOf: (clientId) => Option.map(Option.fromNullable(sockets.get(clientId)), (socket) => socket.sessionId)
  })
})
