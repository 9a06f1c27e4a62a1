/** Real servers at the other end of a live connection: one that speaks the RPC protocol, and ones that do as told. */
import { FetchHttpClient } from "@effect/platform"
import { type RpcMessage, RpcServer } from "@effect/rpc"
import { assert } from "@effect/vitest"
import { LiveConnection, LiveRpcs } from "@t3/protocol"
import { Cause, Effect, Exit, Layer, Mailbox, Option, Redacted, Runtime, Stream, TestServices } from "effect"
import type { IncomingMessage } from "node:http"
import { inspect } from "node:util"
import { type WebSocket, WebSocketServer } from "ws"
import * as Live from "../src/Live.ts"
import * as WebSocketConstructor from "../src/node/WebSocketConstructor.ts"
import * as T from "./server.ts"

export const ticket = `t3w_${"0".repeat(52)}`

export interface Peer extends T.TestServer {
  readonly upgrades: Array<IncomingMessage>
  /** The connections that were opened, first to last. */
  readonly sockets: Array<WebSocket>
  /** All that was said over them. */
  readonly said: Array<string>
}

/** Gives a ticket to whoever asks. */
export const giveTicket: T.Answer = (_, response) => T.json(response, 200, { expiresIn: 30, ticket })

/** A server that opens connections, and hands what is said over them to `listen`. */
export const peer = (
  listen: (message: RpcMessage.FromClientEncoded, socket: WebSocket) => void = () => undefined,
  answer: T.Answer = giveTicket
) =>
  Effect.gen(function*() {
    const upgrades: Array<IncomingMessage> = []
    const sockets: Array<WebSocket> = []
    const said: Array<string> = []
    const server = new WebSocketServer({ handleProtocols: () => LiveConnection.subprotocol, noServer: true })
    const http = yield* T.serve(answer, (request, socket, head) => {
      upgrades.push(request)
      server.handleUpgrade(request, socket, head, (ws) => {
        sockets.push(ws)
        ws.on("message", (data) => {
          said.push(String(data))
          listen(JSON.parse(String(data)), ws)
        })
      })
    })
    return { ...http, said, sockets, upgrades }
  })

/** One that refuses every upgrade as a browser would see it: without a word. */
export const refusing = (answer: T.Answer) =>
  T.serve(answer, (_, socket) => socket.end("HTTP/1.1 401 Unauthorized\r\nconnection: close\r\n\r\n"))

export const send = (socket: WebSocket | undefined, message: unknown): void => socket?.send(JSON.stringify(message))

type Handlers = Parameters<typeof LiveRpcs.LiveRpcs.of>[0]

const absent = () => Effect.dieMessage("SECRET: no such handler")

const defaults: Handlers = {
  "access.issuePairing": absent,
  "access.issueSession": absent,
  "access.listPairings": absent,
  "access.listSessions": absent,
  "access.readLog": absent,
  "access.renameSession": absent,
  "access.revokeAllSessions": absent,
  "access.revokeOtherSessions": absent,
  "access.revokePairing": absent,
  "access.revokeSession": absent,
  "events.follow": () => Stream.die("SECRET: no such handler"),
  "session.whoAmI": absent
}

const layerAdmitted = Layer.succeed(
  LiveRpcs.Admitted,
  LiveRpcs.Admitted.of(() => Effect.succeed({ actor: { kind: "host" }, session: Option.none() }))
)

/** A whole RPC server, as `@effect/rpc` has it, whose calls are these. */
export const rpcPeer = (handlers: Partial<Handlers>, answer?: T.Answer) =>
  Effect.gen(function*() {
    const run = Runtime.runFork(yield* Effect.runtime())
    const disconnects = yield* Mailbox.make<number>()
    let write: (clientId: number, message: RpcMessage.FromClientEncoded) => Effect.Effect<void> = () => Effect.void
    const server = yield* peer((message, socket) => run(write(server.sockets.indexOf(socket), message)), answer)
    const protocol = RpcServer.Protocol.make((run) =>
      Effect.sync(() => {
        write = run
        return {
          clientIds: Effect.sync(() => new Set(server.sockets.keys())),
          disconnects,
          end: () => Effect.void,
          initialMessage: Effect.succeedNone,
          send: (clientId, message) => Effect.sync(() => send(server.sockets[clientId], message)),
          supportsAck: true,
          supportsSpanPropagation: false,
          supportsTransferables: false
        }
      })
    )
    yield* Layer.build(
      RpcServer.layer(LiveRpcs.LiveRpcs, { disableFatalDefects: true, disableTracing: true }).pipe(
        Layer.provide(Layer.effect(RpcServer.Protocol, protocol)),
        Layer.provide(LiveRpcs.LiveRpcs.toLayer({ ...defaults, ...handlers })),
        Layer.provide([layerAdmitted, Layer.succeed(LiveRpcs.Sealed, ({ next }) => next)])
      )
    )
    return server
  })

const layers = Layer.merge(FetchHttpClient.layer, WebSocketConstructor.layer)

export const connect = (server: { readonly url: string }) =>
  Live.connect({ connectionString: server.url, token: Redacted.make(T.sessionToken) }).pipe(Effect.provide(layers))

const secrets = [T.sessionToken, ticket, "SECRET"]

/** What it failed with, if it failed as calls do, and told no secret. */
const failure = <A, E>(exit: Exit.Exit<A, E>): E => {
  const error = Exit.isFailure(exit) ? Option.getOrUndefined(Cause.failureOption(exit.cause)) : undefined
  if (error === undefined) assert.fail(`no failure: ${inspect(exit)}`)
  const text = inspect(error, { depth: 9, showHidden: true }) + JSON.stringify(error)
  for (const secret of secrets) assert.notInclude(text, secret)
  return error
}

export const refused = <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.map(Effect.exit(effect), failure)

export const answer = (requestId: string, value?: unknown) => ({
  _tag: "Exit",
  exit: { _tag: "Success", value },
  requestId
})
export const failed = (requestId: string, cause: unknown) => ({
  _tag: "Exit",
  exit: { _tag: "Failure", cause },
  requestId
})
export const identity = { environment: { id: T.ids.environment, label: "box" }, session: T.session }

/** Waits, by the real clock, until it is so. */
export const until = (isSo: () => boolean) =>
  Effect.sleep("5 millis").pipe(Effect.repeat({ until: isSo }), TestServices.provideLive)
