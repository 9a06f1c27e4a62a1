/**
 * How a connection becomes a live one. `Host`, `Origin`, ticket and session are checked before the 101, and whatever
 * fails is answered as any request is.
 */
import { AccessLog } from "@t3/auth-core/AccessLog"
import { FailureLimit } from "@t3/auth-core/FailureLimit"
import { SessionStore } from "@t3/auth-core/SessionStore"
import { Source } from "@t3/auth-core/Source"
import { Tickets } from "@t3/auth-core/Tickets"
import { Invalid, NotFound, type Refusal, Unauthenticated, Unavailable } from "@t3/protocol/Errors"
import { closeCode, maxMessageBytes, path, subprotocol, ticketPrefix } from "@t3/protocol/LiveConnection"
import { Ticket } from "@t3/protocol/Ticket"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Runtime from "effect/Runtime"
import * as Schema from "effect/Schema"
import { type IncomingMessage, ServerResponse } from "node:http"
import type { Socket } from "node:net"
import { type WebSocket, WebSocketServer } from "ws"
import { closed, orReset } from "../live/orReset.ts"
import { Sockets } from "../live/Sockets.ts"
import type { Names } from "../network/HostRule.ts"
import type { UpgradeHandler } from "../network/listen.ts"
import { refusalOf } from "./answer.ts"
import { check } from "./guard.ts"
import { securityHeaders } from "./securityHeaders.ts"
import { sourceOf } from "./source.ts"

/** Answers a request that stays HTTP, with the headers of every other answer. */
const refuse = (request: IncomingMessage, socket: Socket, refusal: Refusal): void => {
  if (!socket.writable) return void socket.destroy()
  const { body, headers, status } = refusalOf(refusal)
  const response = new ServerResponse(request)
  response.shouldKeepAlive = false
  response.assignSocket(socket)
  // Node's own time limits ended with the upgrade: a peer that keeps its half open must not keep ours.
  response.on("finish", () => socket.destroySoon())
  const text = JSON.stringify(body)
  response.writeHead(status, {
    ...securityHeaders,
    ...headers,
    "content-length": Buffer.byteLength(text),
    "content-type": "application/json"
  }).end(text)
}

/** The two subprotocols: what is to be spoken, and the ticket; in this order, and nothing else. */
const offered = (
  request: IncomingMessage
): Either.Either<readonly [spoken: string, ticket: Ticket], Unauthenticated> => {
  const [spoken = "", ticket = "", ...others] = (request.headers["sec-websocket-protocol"] ?? "").split(",")
    .map((text) => text.trim())
  const read = Schema.decodeEither(Ticket)(ticket.startsWith(ticketPrefix) ? ticket.slice(ticketPrefix.length) : "")
  return others.length > 0 || !/^t3\.rpc\.v\d{1,3}$/.test(spoken)
    ? Either.left(new Unauthenticated({ hint: protocolHint, message: "The subprotocols offered are not those of T3." }))
    : Either.map(
      Either.mapLeft(read, () => new Unauthenticated({ hint: protocolHint, message: "There is no ticket." })),
      (it) => [spoken, it] as const
    )
}

const protocolHint = `Offer ${subprotocol}, then ${ticketPrefix}<ticket>, with a ticket of POST /api/ws-ticket.`

const makeAdmit = (names: Names) =>
  Effect.gen(function*() {
    const tickets = yield* Tickets
    const sessions = yield* SessionStore
    const log = yield* AccessLog
    const limit = yield* FailureLimit

    const refuseTicket = (refusal: Unauthenticated) =>
      Effect.zipRight(log.refused({ event: "ticket.refused", reason: refusal._tag }), Effect.fail(refusal))

    /** Wrong tickets are counted like every other wrong secret. */
    const refuseWrong = (refusal: Unauthenticated) =>
      Effect.zipRight(
        Effect.tapError(limit.count, ({ _tag }) => log.refused({ event: "rate.limited", reason: _tag })),
        refuseTicket(refusal)
      )

    return Effect.fnUntraced(function*(request: IncomingMessage, socket: Socket) {
      const url = request.url ?? "/"
      yield* check(names, { localAddress: socket.localAddress ?? "", localPort: socket.localPort ?? 0 }, {
        headers: request.headers,
        url
      })
      if (url.split("?")[0] !== path) return yield* new NotFound({ message: "There is nothing to upgrade to here." })
      const [spoken, ticket] = yield* Effect.catchAll(offered(request), refuseTicket)
      const id = yield* Effect.catchAll(tickets.take(ticket, request.headers.origin), refuseWrong)
      return { session: yield* sessions.current(id), spoken }
    })
  })

const ending = new Unavailable({ message: "The server is ending." })

/** Whether upgrades are taken at this moment: not while the server ends. */
export interface Gate {
  open: boolean
}

/** The handler; `gate` can be shut before the connections that there are are closed. */
export const makeUpgrade = (names: Names, gate: Gate) =>
  Effect.gen(function*() {
    const sockets = yield* Sockets
    const admit = yield* makeAdmit(names)
    const run = Runtime.runFork(yield* Effect.runtime())
    const server = new WebSocketServer({
      clientTracking: false,
      handleProtocols: ([first = ""]) => first,
      maxPayload: maxMessageBytes,
      noServer: true,
      perMessageDeflate: false
    })
    server.on("wsClientError", (_, socket, request) =>
      refuse(request, socket as Socket, new Invalid({ message: "This is no WebSocket upgrade (RFC 6455, 4.2.1)." })))

    /** Paused, so that nothing is lost before somebody listens; interrupts where it comes to nothing. */
    const upgrade = (request: IncomingMessage, tcp: Socket, head: Buffer) =>
      Effect.async<WebSocket>((resume) => {
        const gone = () =>
          resume(Effect.interrupt)
        if (tcp.destroyed)
          return gone()
        tcp.once("close", gone)
        server.handleUpgrade(request, tcp, head, (ws) => {
          tcp.off("close", gone)
          // The close that follows says all there is to say.
          ws.on("error", () =>
            undefined)
          ws.pause()
          resume(Effect.succeed(ws))
        })
      })

    const turnAway = (ws: WebSocket, tcp: Socket, code: number, reason: string) =>
      Effect.suspend(() => {
        ws.resume()
        ws.close(code, reason)
        return orReset(tcp, closed(tcp))
      })

    const handle = (request: IncomingMessage, tcp: Socket, head: Buffer) =>
      Effect.gen(function*() {
        if (!gate.open) return yield* ending
        const { session, spoken } = yield* admit(request, tcp)
        if (!gate.open) return yield* ending
        const ws = yield* upgrade(request, tcp, head)
        if (spoken !== subprotocol) {
          return yield* turnAway(ws, tcp, closeCode.version, `This server speaks ${subprotocol}.`)
        }
        const source = yield* Source
        yield* Effect.matchEffect(sockets.accept({ sessionId: session.id, source, tcp, ws }), {
          onFailure: (ended) => turnAway(ws, tcp, closeCode.signedOut, ended._tag),
          onSuccess: () => Effect.sync(() => ws.resume())
        })
      }).pipe(
        Effect.catchAll((refusal) => Effect.sync(() => refuse(request, tcp, refusal))),
        Effect.catchAllCause((cause) =>
          Effect.zipRight(
            Cause.isInterruptedOnly(cause) ? Effect.void : Effect.logError("An upgrade failed", cause),
            Effect.sync(() => tcp.destroy())
          )
        ),
        Effect.provideService(Source, sourceOf(tcp.remoteAddress))
      )

    const handler: UpgradeHandler = (request, socket, head) => {
      run(handle(request, socket, head))
    }
    return handler
  })
