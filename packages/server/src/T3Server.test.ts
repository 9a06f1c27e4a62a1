import { assert, layer } from "@effect/vitest"
import { Effect, Redacted } from "effect"
import { baseUrl, layerServer } from "../test/withServer.ts"
import { T3Server } from "./T3Server.ts"

const call = (path: string, init?: RequestInit) =>
  Effect.flatMap(baseUrl, (base) => Effect.promise(() => fetch(base + path, { redirect: "manual", ...init })))

const json = (response: Response) => Effect.promise(() => response.json() as Promise<Record<string, unknown>>)

const pairingToken = Effect.flatMap(T3Server, ({ access }) =>
  Effect.map(access.issuePairing({ label: "", role: "owner", ttl: 60 }), ({ token }) => Redacted.value(token)))

const exchange = (token: string, more: Record<string, string> = {}) =>
  call("/oauth/token", {
    body: new URLSearchParams({
      grant_type: "urn:ietf:params:oauth:grant-type:token-exchange",
      subject_token: token,
      subject_token_type: "urn:t3:params:oauth:token-type:pairing-token",
      ...more
    }),
    method: "POST"
  })

layer(layerServer(), { excludeTestServices: true })("T3Server", (it) => {
  it.effect("answers anyone with no more than an id", () =>
    Effect.gen(function*() {
      const response = yield* call("/.well-known/t3/environment")
      const { environment } = yield* T3Server
      assert.deepStrictEqual(yield* json(response), {
        authMethods: ["pairing-token"],
        environmentId: environment.id,
        protocolVersion: 1
      })
    }))

  it.effect("exchanges a token for a session that works until it is revoked", () =>
    Effect.gen(function*() {
      const { access } = yield* T3Server
      const response = yield* exchange(yield* pairingToken, { device_label: "my \u001b[31mphone" })
      assert.strictEqual(response.status, 200)
      const body = yield* json(response)
      const headers = { authorization: `Bearer ${String(body["access_token"])}` }
      const list = yield* json(yield* call("/api/access/sessions", { headers }))
      assert.include(JSON.stringify(list), "my phone")
      const all = yield* access.listSessions({ all: false, limit: 10 })
      yield* Effect.forEach(all.items, ({ id }) => access.revokeSession(id))
      const after = yield* call("/api/access/sessions", { headers })
      assert.strictEqual(after.status, 401)
      assert.strictEqual((yield* json(after))["_tag"], "SessionRevoked")
    }))

  it.effect("answers a bad token as RFC 8693 says, without quoting it", () =>
    Effect.gen(function*() {
      const response = yield* exchange("ABCD-EFGH-JKM0")
      assert.strictEqual(response.status, 400)
      const body = yield* json(response)
      assert.strictEqual(body["error"], "invalid_request")
      assert.strictEqual(body["_tag"], "PairingUnknown")
      const malformed = yield* Effect.promise(() => Promise.resolve(exchange("hunter2-hunter2")))
      const text = yield* Effect.flatMap(malformed, (it) => Effect.promise(() => it.text()))
      assert.notInclude(text, "hunter2")
      assert.include(text, "invalid_request")
    }))

  it.effect("refuses a host name that is not its own, and a page of another origin", () =>
    Effect.gen(function*() {
      const other = yield* call("/health", { headers: { origin: "http://evil.example" } })
      assert.strictEqual(other.status, 403)
      assert.strictEqual((yield* json(other))["_tag"], "OriginNotAllowed")
    }))

  it.effect("carries the security headers on every answer", () =>
    Effect.gen(function*() {
      for (const path of ["/health", "/nothing", "/api/session", "/pair", "/"]) {
        const { headers } = yield* call(path)
        assert.strictEqual(headers.get("x-content-type-options"), "nosniff", path)
        assert.include(headers.get("content-security-policy") ?? "", "default-src 'none'", path)
      }
    }))
})
