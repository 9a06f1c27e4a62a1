/** The event stream as `text/event-stream`, read as the standard says and no further than needed. */
import * as Effect from "effect/Effect"
import { type IncomingMessage, request, type RequestOptions } from "node:http"
import type { Item } from "./live.ts"
import { until } from "./until.ts"

interface Frame {
  readonly id: string
  readonly event: string
  readonly item: Item
}

export interface Sse {
  readonly response: IncomingMessage
  readonly frames: ReadonlyArray<Frame>
  /** Everything that came, as text. */
  readonly text: () => string
  readonly bytes: () => number
  /** Whether it has ended: in an orderly way, or broken off. */
  readonly end: () => "open" | "ended" | "broken"
  readonly leave: () => void
  readonly item: (what: string, is: (item: Item) => boolean) => Effect.Effect<Frame>
}

const frameOf = (text: string): ReadonlyArray<Frame> => {
  const field = (name: string) =>
    text.split("\n").filter((line) => line.startsWith(`${name}: `)).map((line) => line.slice(name.length + 2)).join(
      "\n"
    )
  return field("data") === ""
    ? []
    : [{ event: field("event"), id: field("id"), item: JSON.parse(field("data")) as Item }]
}

const wrap = (response: IncomingMessage, leave: () => void): Sse => {
  let text = ""
  let end: ReturnType<Sse["end"]> = "open"
  response.setEncoding("utf8")
  response.on("data", (chunk: string) => {
    text += chunk
  })
  response.once("end", () => {
    end = "ended"
  })
  response.once("error", () => {
    end = "broken"
  })
  const frames = () => text.split("\n\n").slice(0, -1).flatMap(frameOf)
  return {
    bytes: () => Buffer.byteLength(text),
    end: () => end,
    item: (what, is) =>
      Effect.map(
        until(what, () => frames().some(({ item }) => is(item))),
        () => frames().find(({ item }) => is(item)) as Frame
      ),
    leave,
    response,
    text: () => text,
    get frames() {
      return frames()
    }
  }
}

/** Asks for it, with these headers alone, until the scope closes; whatever the answer is. */
export const listen = (base: string, options: RequestOptions & { readonly path?: string } = {}) =>
  Effect.acquireRelease(
    Effect.async<Sse>((resume) => {
      const { hostname, port } = new URL(base)
      const asked = request({
        agent: false,
        hostname: hostname.replace(/^\[|\]$/g, ""),
        path: "/api/events",
        port,
        ...options
      })
      asked.once("response", (response) => resume(Effect.succeed(wrap(response, () => asked.destroy()))))
      asked.on("error", () => undefined)
      asked.end()
    }),
    ({ leave }) => Effect.sync(leave)
  )
