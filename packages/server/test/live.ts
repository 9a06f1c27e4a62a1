/** The live connection without a library of ours: a WebSocket that speaks the RPC protocol by hand, message by message. */
import { path, subprotocol, ticketPrefix } from "@t3/protocol/LiveConnection"
import * as Effect from "effect/Effect"
import type { Socket } from "node:net"
import { WebSocket } from "ws"
import { until } from "./until.ts"

/** A message of the server, as it came. */
export interface Message {
  readonly _tag: string
  readonly requestId?: string
  readonly values?: ReadonlyArray<Item>
  readonly exit?: {
    readonly _tag: "Success" | "Failure"
    readonly value?: Record<string, unknown>
    readonly cause?: { readonly _tag: string; readonly error?: Record<string, unknown>; readonly defect?: unknown }
  }
  readonly defect?: unknown
}

/** An item of the event stream, as it came. */
export interface Item {
  readonly _tag: string
  readonly seq: number
  readonly [field: string]: unknown
}

export interface Live {
  readonly ws: WebSocket
  /** The subprotocol that the server chose. */
  readonly protocol: string
  /** Everything that came, in order. */
  readonly messages: ReadonlyArray<Message>
  /** Bytes that came, of whatever kind. */
  readonly bytes: () => number
  /** How it ended: `4401 SessionRevoked`; empty while it is open. */
  readonly end: () => string
  readonly closed: Effect.Effect<string>
  /** Sends a message, or text that is none. */
  readonly send: (message: object | string) => void
  /** Starts a call and gives its id. */
  readonly start: (tag: string, payload?: unknown, more?: object) => string
  /** The answer to a call that was started; dies if none comes. */
  readonly answer: (id: string) => Effect.Effect<Message>
  /** A call and its answer. */
  readonly call: (tag: string, payload?: unknown, more?: object) => Effect.Effect<Message>
  /** Listens to the events; acknowledges what comes unless told not to. */
  readonly follow: (payload?: unknown, acks?: "acks" | "no acks") => Effect.Effect<Following>
}

export interface Following {
  readonly id: string
  readonly items: ReadonlyArray<Item>
  readonly ack: () => void
  /** Waits for an item. */
  readonly item: (what: string, is: (item: Item) => boolean) => Effect.Effect<Item>
}

/** A ticket for the session of this bearer token. */
export const ticketOf = (base: string, token: string, headers: Record<string, string> = {}): Effect.Effect<string> =>
  Effect.promise(async () => {
    const response = await fetch(`${base}/api/ws-ticket`, {
      headers: { authorization: `Bearer ${token}`, ...headers },
      method: "POST"
    })
    return (await response.json() as { ticket: string }).ticket
  })

/** How a call ended: `Success`, the tag of a refusal, or `Die`. */
export const outcome = ({ exit }: Message): string => {
  if (exit === undefined) return "none"
  return exit._tag === "Success" ? "Success" : String(exit.cause?.error?.["_tag"] ?? exit.cause?._tag)
}

const wrap = (ws: WebSocket, tcp: Socket): Live => {
  const messages: Array<Message> = []
  const acked = new Set<string>()
  let end = ""
  let ids = 0
  ws.on("close", (code, reason) => {
    end = `${code} ${String(reason)}`.trim()
  })
  ws.on("message", (data) => {
    const message = JSON.parse(String(data)) as Message
    messages.push(message)
    if (message._tag === "Chunk" && acked.has(message.requestId ?? ""))
      send({ _tag: "Ack", requestId: message.requestId })
  })
  const send = (message: object | string) => {
    if (ws.readyState === WebSocket.OPEN) ws.send(typeof message === "string" ? message : JSON.stringify(message))
  }
  const start = (tag: string, payload: unknown = {}, more: object = {}) => {
    const id = String(++ids)
    send({ _tag: "Request", headers: [], id, payload, tag, ...more })
    return id
  }
  const exitOf = (id: string) => messages.find((it) => it._tag === "Exit" && it.requestId === id)
  const answer = (id: string) =>
    Effect.map(
      until(`call ${id} is answered (${end})`, () => exitOf(id) !== undefined),
      () => exitOf(id) as Message
    )
  const follow: Live["follow"] = (payload = {}, acks = "acks") =>
    Effect.gen(function*() {
      const id = start("events.follow", payload)
      if (acks === "acks") acked.add(id)
      const items = () =>
        messages.filter((it) => it._tag === "Chunk" && it.requestId === id).flatMap((it) => it.values ?? [])
      yield* until("the stream says where it stands", () => items().length > 0)
      return {
        ack: () => send({ _tag: "Ack", requestId: id }),
        id,
        item: (what, is) => Effect.map(until(what, () => items().some(is)), () => items().find(is) as Item),
        get items() {
          return items()
        }
      }
    })
  return {
    answer,
    bytes: () => tcp.bytesRead,
    call: (...args) => Effect.suspend(() => answer(start(...args))),
    closed: Effect.suspend(() => Effect.map(until("the connection is closed", () => end !== ""), () => end)),
    end: () => end,
    follow,
    messages,
    protocol: ws.protocol,
    send,
    start,
    ws
  }
}

/** Opens one with these subprotocols, for as long as the scope; a refusal is a defect here. */
export const offer = (base: string, protocols: ReadonlyArray<string>, headers: Record<string, string> = {}) =>
  Effect.acquireRelease(
    Effect.async<Live>((resume) => {
      const ws = new WebSocket(base.replace("http", "ws") + path, Array.from(protocols), { headers })
      ws.once("upgrade", ({ socket }) => ws.once("open", () => resume(Effect.succeed(wrap(ws, socket)))))
      ws.on("error", (error) => resume(Effect.die(error)))
    }),
    ({ ws }) => Effect.sync(() => ws.terminate())
  )

/** Opens one with a ticket of its own for the session of this bearer token. */
export const connect = (base: string, token: string) =>
  Effect.flatMap(ticketOf(base, token), (ticket) => offer(base, [subprotocol, ticketPrefix + ticket]))
