/** What tests ask of the running server, as a client without a library would. */
import type { Scope } from "@t3/protocol/Scope"
import { cookieName } from "@t3/protocol/SessionToken"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import { T3Server } from "../src/T3Server.ts"
import { baseUrl } from "./withServer.ts"

export interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly text: string
  /** The body as JSON; empty for anything else. */
  readonly body: Record<string, unknown>
}

const parse = (text: string): Record<string, unknown> => {
  try {
    return JSON.parse(text) as Record<string, unknown>
  } catch {
    return {}
  }
}

/** What an answer says; a stream, which has no end, is left alone. */
const textOf = async (response: Response): Promise<string> => {
  if (response.headers.get("content-type") !== "text/event-stream") return response.text()
  await response.body?.cancel()
  return ""
}

/** One request; redirects are answers too. */
export const call = (path: string, init: RequestInit = {}): Effect.Effect<Answer, never, T3Server> =>
  Effect.flatMap(baseUrl, (base) =>
    Effect.promise(async () => {
      const response = await fetch(base + path, { redirect: "manual", ...init })
      const text = await textOf(response)
      return { body: parse(text), headers: response.headers, status: response.status, text }
    }))

/** A request with a JSON body. */
export const callJson = (method: string, path: string, body: unknown, headers: Record<string, string> = {}) =>
  call(path, { body: JSON.stringify(body), headers: { "content-type": "application/json", ...headers }, method })

/** A fresh pairing token. */
export const pairingToken = (role: "viewer" | "member" | "owner" = "owner") =>
  Effect.flatMap(
    T3Server,
    ({ access }) => Effect.map(access.issuePairing({ label: "", role, ttl: 60 }), ({ token }) => Redacted.value(token))
  )

export const grantType = "urn:ietf:params:oauth:grant-type:token-exchange"

/** A token exchange; `more` adds fields, and replaces those of a good request. */
export const exchange = (more: Record<string, string>, headers: Record<string, string> = {}) =>
  call("/oauth/token", {
    body: new URLSearchParams({
      grant_type: grantType,
      subject_token_type: "urn:t3:params:oauth:token-type:pairing-token",
      ...more
    }),
    headers,
    method: "POST"
  })

/** The bearer token of a new session, which has these scopes alone. */
export const bearer = (...scopes: ReadonlyArray<string>) =>
  Effect.flatMap(T3Server, ({ access }) =>
    Effect.map(
      access.issueSession({
        device: {},
        role: "owner",
        ...(scopes.length === 0 ? {} : { scopes: scopes as ReadonlyArray<Scope> })
      }),
      ({ token }) => Redacted.value(token)
    ))

export const withBearer = (token: string) => ({ authorization: `Bearer ${token}` })

/** The two halves of a browser, as it sends them. */
export interface Browser {
  readonly cookie: string
  readonly storage: string
}

/** Pairs as the page does. */
export const pairBrowser = (earlier?: Browser) =>
  Effect.gen(function*() {
    const { environment } = yield* T3Server
    const answer = yield* callJson(
      "POST",
      "/api/session",
      { token: yield* pairingToken() },
      earlier && withHalves(earlier)
    )
    const [cookie = ""] = answer.headers.getSetCookie()
    const name = cookieName(environment.id, "http")
    return {
      answer,
      browser: { cookie: /^[^;]*/.exec(cookie)?.[0] ?? "", storage: String(answer.body["storageHalf"]) },
      cookie,
      name
    }
  })

export const withHalves = ({ cookie, storage }: Browser) => ({ cookie, "t3-session": storage })
