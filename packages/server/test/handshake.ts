/** An opening handshake (RFC 6455, 4.1) as text, for those that no WebSocket library would send. */
import { subprotocol, ticketPrefix } from "@t3/protocol/LiveConnection"
import * as Effect from "effect/Effect"
import * as raw from "./raw.ts"

export interface Handshake {
  readonly method?: string
  readonly path?: string
  /** In place of those of a good one; `undefined` leaves one out. */
  readonly headers?: Readonly<Record<string, string | undefined>>
}

export const protocols = (ticket: string): string => `${subprotocol}, ${ticketPrefix}${ticket}`

/** The text of one with a ticket, and what is to be different. */
export const handshake = (
  port: number,
  ticket: string,
  { headers = {}, method = "GET", path = "/ws" }: Handshake = {}
) => {
  const all = {
    Host: `127.0.0.1:${port}`,
    Connection: "Upgrade",
    Upgrade: "websocket",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
    "Sec-WebSocket-Protocol": protocols(ticket),
    ...headers
  }
  const lines = Object.entries(all).flatMap(([name, value]) => value === undefined ? [] : [`${name}: ${value}\r\n`])
  return `${method} ${path} HTTP/1.1\r\n${lines.join("")}\r\n`
}

export interface RawAnswer {
  readonly status: number
  readonly headers: ReadonlyMap<string, string>
  readonly text: string
}

export const parseAnswer = (bytes: string): RawAnswer => {
  const [head = "", ...rest] = bytes.split("\r\n\r\n")
  const [first = "", ...lines] = head.split("\r\n")
  return {
    headers: new Map(lines.map((line) => {
      const [name = "", value = ""] = line.split(/: (.*)/s)
      return [name.toLowerCase(), value]
    })),
    status: Number(first.split(" ")[1]),
    text: rest.join("\r\n\r\n")
  }
}

/** How the server answers, until it closes the connection. */
export const refusal = (port: number, ticket: string, different?: Handshake) =>
  Effect.map(raw.send({ host: "127.0.0.1", port }, handshake(port, ticket, different)), parseAnswer)

/** A text frame of at most 65,535 bytes (RFC 6455, 5.2), masked with zeros, so that it can be read. */
export const frame = (text: string): Buffer => {
  const body = Buffer.from(text)
  const long = body.length > 125
  const head = Buffer.from([
    0x81,
    0x80 | (long ? 126 : body.length),
    ...(long ? [body.length >> 8, body.length & 255] : [])
  ])
  return Buffer.concat([head, Buffer.alloc(4), body])
}
