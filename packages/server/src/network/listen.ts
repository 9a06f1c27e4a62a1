/** One Node server on one address: handlers are in place before it listens, and it ends in bounded time. */
import * as Deferred from "effect/Deferred"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http"
import type { ListenOptions, Socket } from "node:net"
import { securityHeaders } from "../http/securityHeaders.ts"

/** What Node calls for each request. */
export type Handler = (request: IncomingMessage, response: ServerResponse) => void

/** What Node calls for each request to upgrade, whose connection is the caller's from then on. */
export type UpgradeHandler = (request: IncomingMessage, socket: Socket, head: Buffer) => void

/** How long requests under way may take to finish once the server is to end. */
const grace = Duration.seconds(3)

const clientErrors: Readonly<Record<string, string>> = {
  ERR_HTTP_REQUEST_TIMEOUT: "408 Request Timeout",
  HPE_HEADER_OVERFLOW: "431 Request Header Fields Too Large"
}

/** Answers what is no HTTP, with the headers of every other answer. */
const answerClientError = (error: NodeJS.ErrnoException, socket: Socket): void => {
  if (!socket.writable || error.code === "ECONNRESET") return void socket.destroy()
  const status = clientErrors[error.code ?? ""] ?? "400 Bad Request"
  const headers = Object.entries({ ...securityHeaders, connection: "close", "content-length": "0" })
  socket.end(`HTTP/1.1 ${status}\r\n${headers.map(([name, value]) => `${name}: ${value}\r\n`).join("")}\r\n`)
}

const close = (server: Server, sockets: ReadonlySet<Socket>): Effect.Effect<void> =>
  Effect.gen(function*() {
    const closed = yield* Deferred.make<void>()
    server.close(() => Deferred.unsafeDone(closed, Effect.void))
    const sweep = Effect.sync(() => {
      server.closeIdleConnections()
      // Node takes a connection for busy until its first request: browsers open such ahead of need.
      sockets.forEach((socket) => socket.bytesRead === 0 && socket.destroy())
    })
    // Finalizers are uninterruptible, and a race waits for its loser: either may be the one.
    yield* Effect.raceFirst(
      Effect.interruptible(Deferred.await(closed)),
      Effect.interruptible(Effect.repeat(sweep, Schedule.spaced("50 millis").pipe(Schedule.upTo(grace))))
    )
    sockets.forEach((socket) => socket.destroy())
  })

/**
 * Reads a request again without its wish for another protocol, which a server may ignore (RFC 9110, 7.8): `curl --http2`
 * and Java's client ask for h2c. Node takes every such request for an upgrade, and leaves its body unread.
 */
const ignoreUpgrade = (server: Server, request: IncomingMessage, socket: Socket, head: Buffer): void => {
  const { httpVersion, method, rawHeaders, url } = request
  const lines = rawHeaders.flatMap((value, index) => {
    const name = rawHeaders[index - 1] ?? ""
    return index % 2 === 0 || /^(?:upgrade|connection|http2-settings)$/i.test(name) ? [] : [`${name}: ${value}\r\n`]
  })
  if (/\bclose\b/i.test(request.headers.connection ?? "")) lines.push("Connection: close\r\n")
  const text = `${method} ${url} HTTP/${httpVersion}\r\n${lines.join("")}\r\n`
  socket.unshift(Buffer.concat([Buffer.from(text, "latin1"), head]))
  server.emit("connection", socket)
}

/** Requests that may wait for the one before them on the same connection: no client sends as many ahead. */
const maxWaiting = 64

/**
 * Takes the requests of a connection one after the other, as its answers go out: who sends thousands at once keeps
 * itself waiting, and nobody else.
 */
const oneByOne = (handler: Handler) => {
  const waiting = new WeakMap<Socket, Array<() => void>>()
  const next = (socket: Socket, queue: Array<() => void>) => {
    const start = queue.shift()
    if (start === undefined) waiting.delete(socket)
    // Not at once: in between it is the turn of the other connections.
    else setImmediate(() => socket.destroyed || start())
  }
  const take: Handler = (request, response) => {
    const { socket } = request
    const queue = waiting.get(socket)
    const start = (of: Array<() => void>) => {
      response.once("close", () => next(socket, of))
      handler(request, response)
    }
    if (queue === undefined) {
      const empty: Array<() => void> = []
      waiting.set(socket, empty)
      start(empty)
    } else if (queue.length < maxWaiting) queue.push(() => start(queue))
    else socket.destroy()
  }
  return { isBusy: (socket: Socket) => waiting.has(socket), take }
}

/** A server whose every answer is the handler's, or `answerClientError`'s: Node has some of its own otherwise. */
const makeServer = (handle: Handler, upgrade: UpgradeHandler | undefined) => {
  const sockets = new Set<Socket>()
  const { isBusy, take } = oneByOne(handle)
  // A header that is sent twice is joined, so that no check takes the first and overlooks the second.
  const server = createServer(
    { headersTimeout: 10_000, joinDuplicateHeaders: true, requestTimeout: 30_000, requireHostHeader: false },
    take
  )
  server.on("checkExpectation", take)
  server.on("clientError", answerClientError)
  // Without a listener Node takes such a request for an ordinary one.
  if (upgrade !== undefined) {
    server.on("upgrade", (request, socket: Socket, head) => {
      // What is still to be answered would never find its way out.
      if (isBusy(socket)) socket.destroy()
      else if (request.headers.upgrade?.toLowerCase() === "websocket") upgrade(request, socket, head)
      else ignoreUpgrade(server, request, socket, head)
    })
  }
  server.on("connection", (socket) => {
    // It comes again when its upgrade is ignored.
    if (sockets.has(socket)) return
    sockets.add(socket)
    // Node takes its own listeners off for an upgrade.
    socket.on("error", () => socket.destroy())
    socket.once("close", () => sockets.delete(socket))
  })
  return { server, sockets }
}

/** Listens until the scope closes; fails with what Node says. */
export const listen = (handler: Handler, options: ListenOptions, upgrade?: UpgradeHandler) =>
  Effect.acquireRelease(
    Effect.async<ReturnType<typeof makeServer>, NodeJS.ErrnoException>((resume) => {
      const made = makeServer(handler, upgrade)
      // Stays for good: what cannot be accepted later, such as when files run out, must not end the process.
      made.server.on("error", (error) => resume(Effect.fail(error)))
      made.server.listen(options, () => resume(Effect.succeed(made)))
    }),
    ({ server, sockets }) => close(server, sockets)
  ).pipe(Effect.map(({ server }) => server))
