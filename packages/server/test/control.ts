/** What the machine itself asks of the running server, over the control socket. */
import * as Effect from "effect/Effect"
import { request } from "node:http"
import * as DataDirectory from "../src/DataDirectory.ts"

/** One request; the body of the answer as JSON. */
export const control = (baseDir: string, method: string, path: string, body?: unknown) =>
  Effect.async<{ readonly status: number; readonly body: Record<string, unknown> }>((resume) => {
    const text = body === undefined ? undefined : JSON.stringify(body)
    const headers = text === undefined
      ? {}
      : { "content-length": Buffer.byteLength(text), "content-type": "application/json" }
    request({ agent: false, headers, method, path, socketPath: DataDirectory.at(baseDir).socket }, (response) => {
      let answer = ""
      response.on("data", (chunk) => {
        answer += String(chunk)
      })
      response.once("end", () =>
        resume(Effect.succeed({
          body: JSON.parse(answer) as Record<string, unknown>,
          status: response.statusCode ?? 0
        })))
    }).once("error", (error) => resume(Effect.die(error))).end(text)
  })

/** A session of its own, as the machine issues it. */
export const issueSession = (baseDir: string, request: object = {}) =>
  Effect.map(control(baseDir, "POST", "/api/access/sessions", { role: "owner", ...request }), ({ body }) => ({
    id: (body["session"] as { readonly id: string }).id,
    token: String(body["token"])
  }))

/** Ends a session, as the machine does it. */
export const revokeSession = (baseDir: string, id: string) => control(baseDir, "DELETE", `/api/access/sessions/${id}`)

/** How many live connections there are. */
export const connections = (baseDir: string) =>
  Effect.map(control(baseDir, "GET", "/api/status"), ({ body }) => Number(body["connections"]))
