/** Small real HTTP servers that answer as a test tells them, and remember what they were asked. */
import { Effect } from "effect"
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from "node:http"
import type { AddressInfo } from "node:net"
import type { Duplex } from "node:stream"

export interface Seen {
  readonly route: string
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

export interface TestServer {
  readonly port: number
  readonly url: string
  readonly seen: Array<Seen>
}

export type Answer = (seen: Seen, response: ServerResponse, before: number) => void
export type Upgrade = (request: IncomingMessage, socket: Duplex, head: Buffer) => void

/** `answer` also gets how many requests of the same route came before. */
export const serve = (answer: Answer, upgrade?: Upgrade) =>
  Effect.acquireRelease(
    Effect.async<{ readonly close: Effect.Effect<void>; readonly server: TestServer }>((resume) => {
      const seen: Array<Seen> = []
      const http = createServer((request, response) => {
        const chunks: Array<Buffer> = []
        request.on("data", (chunk: Buffer) => chunks.push(chunk))
        request.on("end", () => {
          const route = `${request.method} ${request.url}`
          const before = seen.filter((other) => other.route === route).length
          const now = { body: Buffer.concat(chunks).toString(), headers: request.headers, route }
          seen.push(now)
          answer(now, response, before)
        })
      })
      const tunnels = new Set<Duplex>()
      if (upgrade !== undefined) {
        http.on("upgrade", (request, socket, head) => {
          tunnels.add(socket)
          upgrade(request, socket, head)
        })
      }
      http.listen(0, "127.0.0.1", () => {
        const { port } = http.address() as AddressInfo
        const close = Effect.sync(() => {
          http.close()
          tunnels.forEach((socket) => socket.destroy())
          http.closeAllConnections()
        })
        resume(Effect.succeed({ close, server: { port, seen, url: `http://127.0.0.1:${port}` } }))
      })
    }),
    ({ close }) => close
  ).pipe(Effect.map(({ server }) => server))

export const json = (response: ServerResponse, status: number, body: unknown): void => {
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body))
}

export const token = "K7QX2M9PHTRD"
export const ids = { device: "dddddddddddd", environment: "eeeeeeeeeeee", session: "ssssssssssss" }
export const sessionToken = `t3s_${"0".repeat(70)}`

export const descriptor = { authMethods: ["pairing"], environmentId: ids.environment, protocolVersion: 1 }

export const granted = {
  access_token: sessionToken,
  device_id: ids.device,
  environment: { id: ids.environment, label: "box" },
  expires_in: 3600,
  issued_token_type: "urn:ietf:params:oauth:token-type:access_token",
  role: "member",
  scope: "environment:read project:read project:write",
  session_id: ids.session,
  token_type: "Bearer"
}

export const session = {
  createdAt: "2026-01-01T00:00:00.000Z",
  current: true,
  device: { id: ids.device, kind: "script", label: "ci" },
  expiresAt: "2026-02-01T00:00:00.000Z",
  id: ids.session,
  issuedBy: { kind: "startup" },
  kind: "bearer",
  lastUsedAt: "2026-01-02T00:00:00.000Z",
  role: "owner",
  scopes: ["environment:read"],
  state: "live"
}

/** Answers the two routes of pairing as a T3 server does. */
export const asT3 = (seen: Seen, response: ServerResponse): void => {
  if (seen.route === "GET /.well-known/t3/environment") return json(response, 200, descriptor)
  if (seen.route === "POST /oauth/token") return json(response, 200, granted)
  return json(response, 404, { _tag: "NotFound", message: "no such route" })
}

/** Begins an event stream; the answer stays open. */
export const eventStream = (response: ServerResponse): ServerResponse =>
  response.writeHead(200, { "content-type": "text/event-stream; charset=utf-8" })

export const stream = "ssssssssssss"
export const position = { _tag: "Position", reload: false, seq: 7, stream }
export const stopping = { _tag: "Stopping", at: "2026-01-01T00:00:00.000Z", seq: 8 }
export const project = {
  _tag: "Project",
  at: "2026-01-01T00:00:00.000Z",
  change: "added",
  project: { id: "p", path: "/home/me/käse", title: "käse 🗝" },
  seq: 9
}
