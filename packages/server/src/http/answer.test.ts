import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import { assert, describe, it, layer } from "@effect/vitest"
import { Effect, Logger } from "effect"
import type { AddressInfo } from "node:net"
import { bearer, call, callJson, exchange, withBearer } from "../../test/api.ts"
import * as raw from "../../test/raw.ts"
import { baseUrl, layerServer } from "../../test/withServer.ts"
import { namesOf } from "../network/HostRule.ts"
import { listen } from "../network/listen.ts"
import { guarded } from "./guard.ts"

const port = Effect.map(baseUrl, (base) => Number(new URL(base).port))

/** The answer to bytes; `HOST` in them becomes the server's own. */
const send = (text: string) =>
  Effect.flatMap(
    port,
    (port) =>
      raw.send({ host: "127.0.0.1", port }, text.replace("HOST", `Host: localhost:${port}\r\nConnection: close`))
  )

/** On every answer, whatever it answers. */
const required = {
  "cache-control": "no-store",
  "content-security-policy": "frame-ancestors 'none'",
  "cross-origin-resource-policy": "same-origin",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY"
}

const isProtected = (answer: string) => {
  const headers = new Map(
    (answer.split("\r\n\r\n")[0] ?? "").split("\r\n").map((line) => [line.replace(/:.*/, "").toLowerCase(), line])
  )
  for (const [name, value] of Object.entries(required)) assert.include(headers.get(name) ?? "", value, name)
}

const malformed = [
  ["no HTTP", "hello\r\n\r\n", 400],
  ["a broken header", "GET / HTTP/1.1\r\nHOST\r\nbroken\r\n\r\n", 400],
  ["headers without end", `GET / HTTP/1.1\r\nHOST\r\nx: ${"x".repeat(40_000)}\r\n\r\n`, 431],
  ["two lengths", "POST /oauth/token HTTP/1.1\r\nHOST\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxx", 400],
  [
    "a length and chunks",
    "POST /oauth/token HTTP/1.1\r\nHOST\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    400
  ],
  ["no Host", "GET /health HTTP/1.1\r\nConnection: close\r\n\r\n", 421],
  ["no Host, in HTTP/1.0", "GET /health HTTP/1.0\r\n\r\n", 421],
  ["two Hosts", "GET /health HTTP/1.1\r\nHOST\r\nHost: evil.example\r\n\r\n", 421],
  ["a foreign Host", "GET /health HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n", 421],
  ["a foreign target", "GET http://evil.example/health HTTP/1.1\r\nHOST\r\n\r\n", 421],
  ["a foreign Origin", "GET /health HTTP/1.1\r\nHOST\r\nOrigin: http://evil.example\r\n\r\n", 403],
  ["an unknown expectation", "GET /nothing HTTP/1.1\r\nHOST\r\nExpect: the-best\r\n\r\n", 404],
  ["an unknown method", "PROPFIND /health HTTP/1.1\r\nHOST\r\n\r\n", 404],
  ["OPTIONS *", "OPTIONS * HTTP/1.1\r\nHOST\r\n\r\n", 404],
  ["another method", "PUT /health HTTP/1.1\r\nHOST\r\nContent-Length: 0\r\n\r\n", 404],
  ["a path that does not decode", "GET /% HTTP/1.1\r\nHOST\r\n\r\n", 404],
  ["a path that leads out", "GET /../../etc/passwd HTTP/1.1\r\nHOST\r\n\r\n", 404],
  ["an encoded path that leads out", "GET /assets/..%2f..%2fetc%2fpasswd HTTP/1.1\r\nHOST\r\n\r\n", 404],
  ["a large body", `POST /oauth/token HTTP/1.1\r\nHOST\r\nContent-Length: 20000\r\n\r\n${"x".repeat(20_000)}`, 413],
  ["a large body that has not come", "POST /oauth/token HTTP/1.1\r\nHOST\r\nContent-Length: 99999999999\r\n\r\nx", 413],
  [
    "a body without length",
    "POST /oauth/token HTTP/1.1\r\nHOST\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n",
    400
  ],
  [
    "a form with files",
    "POST /oauth/token HTTP/1.1\r\nHOST\r\nContent-Type: multipart/form-data; boundary=x\r\nContent-Length: 3\r\n\r\nabc",
    400
  ],
  [
    "no body, of a form with files",
    "POST /api/session HTTP/1.1\r\nHOST\r\nContent-Type: multipart/form-data; boundary=x\r\nContent-Length: 0\r\n\r\n",
    400
  ],
  ["HEAD", "HEAD /health HTTP/1.1\r\nHOST\r\n\r\n", 200],
  ["HEAD of what needs a session", "HEAD /api/access/sessions HTTP/1.1\r\nHOST\r\n\r\n", 401],
  ["an upgrade that nobody takes", "GET /health HTTP/1.1\r\nHOST\r\nUpgrade: websocket\r\n\r\n", 200],
  ["what is good", "GET /health HTTP/1.1\r\nHOST\r\n\r\n", 200]
] as const

layer(layerServer(), { excludeTestServices: true })("every answer", (it) => {
  for (const [name, text, status] of malformed) {
    it.effect(`13: to ${name} is ${status}, with the headers that protect`, () =>
      Effect.gen(function*() {
        const answer = yield* send(text)
        assert.include(answer, `HTTP/1.1 ${status} `)
        isProtected(answer)
      }))
  }

  it.effect("13: of the API has them, and is not kept", () =>
    Effect.gen(function*() {
      const good = withBearer(yield* bearer())
      const answers = [
        yield* call("/"),
        yield* call("/health"),
        yield* call("/nothing"),
        yield* call("/api/session"),
        yield* call("/api/session", { headers: good }),
        yield* call("/api/access/sessions", { headers: good }),
        yield* exchange({}),
        yield* callJson("POST", "/api/access/pairings", {}, good)
      ]
      for (const { headers, status } of answers) {
        for (const [name, value] of Object.entries(required)) {
          assert.include(headers.get(name) ?? "", value, `${status} ${name}`)
        }
        assert.isNull(headers.get("access-control-allow-origin"))
        assert.isNull(headers.get("server"))
        assert.isNull(headers.get("x-powered-by"))
      }
    }))

  it.effect("to a large body reaches who sends it, and the connection goes on", () =>
    Effect.gen(function*() {
      for (const size of [16 * 1024 + 1, 300_000]) {
        const answer = yield* callJson("POST", "/api/session", { token: "x".repeat(size) })
        assert.deepStrictEqual([answer.status, answer.body["_tag"]], [413, "TooLarge"])
      }
      assert.strictEqual((yield* callJson("POST", "/api/session", { token: "x".repeat(16 * 1024 - 12) })).status, 400)
    }))

  it.effect("to a body that is none is typed", () =>
    Effect.gen(function*() {
      const headers = { "content-type": "application/json" }
      for (const body of ["{", "", "null", "[]", "\"text\"", "{\"token\":1}", "\u0000", "{\"token\":\"\ud800\"}"]) {
        const answer = yield* call("/api/session", { body, headers, method: "POST" })
        assert.deepStrictEqual([answer.status, answer.body["_tag"]], [400, "Invalid"], JSON.stringify(body))
        assert.isString(answer.body["message"])
      }
      for (
        const type of [
          "text/plain",
          "application/x-www-form-urlencoded",
          "application/octet-stream",
          "application/json-patch+json"
        ]
      ) {
        const answer = yield* call("/api/session", { body: "{}", headers: { "content-type": type }, method: "POST" })
        assert.include(answer.body["message"], "application/json", type)
      }
      const charset = { "content-type": "Application/JSON; charset=utf-8" }
      assert.notInclude(
        (yield* call("/api/session", { body: "{}", headers: charset, method: "POST" })).body["message"],
        "type"
      )
    }))

  it.effect("names the field that is wrong", () =>
    Effect.gen(function*() {
      const good = withBearer(yield* bearer())
      assert.include(
        (yield* callJson("POST", "/api/access/pairings", { ttl: -1 }, good)).body["message"],
        "ttl is 1 to 86400 seconds"
      )
      assert.include((yield* callJson("POST", "/api/access/pairings", { role: "king" }, good)).body["message"], "role")
      assert.include((yield* call("/api/access/sessions?limit=0", { headers: good })).body["message"], "limit")
      assert.include(
        (yield* call("/api/access/sessions/x", { headers: good, method: "DELETE" })).body["message"],
        "SessionId"
      )
    }))
})

const secret = "hunter2hunter2"

/** Requests with a secret in each place where one could be, by mistake or not. */
const withSecret = [
  ...["grant_type", "subject_token", "subject_token_type", "actor_token", "actor_token_type", "scope", "device_kind"]
    .flatMap((field) => [exchange({ [field]: secret }), exchange({ [field]: secret.repeat(400) })]),
  exchange({ subject_token: "000000000000", [secret]: secret }),
  exchange({ device_label: secret.repeat(200), subject_token: "000000000000" }),
  exchange({}, { "idempotency-key": secret.slice(0, 7) }),
  exchange({}, { "idempotency-key": secret.repeat(20) }),
  ...["Bearer ", "Basic ", ""].map((scheme) => call("/api/session", { headers: { authorization: scheme + secret } })),
  call("/api/session", { headers: { cookie: `t3=${secret}`, "t3-session": secret } }),
  call("/oauth/revoke", { body: new URLSearchParams({ token: secret.repeat(30) }), method: "POST" }),
  call("/oauth/revoke", { body: new URLSearchParams([["token", secret], ["token", secret]]), method: "POST" }),
  ...[
    secret,
    [secret],
    { [secret]: secret },
    { token: [secret] },
    { token: { [secret]: secret } },
    { token: secret },
    { device: secret, token: "000000000000" },
    { device: { kind: secret }, token: "000000000000" },
    { device: { label: [secret] }, token: "000000000000" }
  ]
    .map((body) => callJson("POST", "/api/session", body)),
  call("/api/session", {
    body: `{"token":"${secret}"`,
    headers: { "content-type": "application/json" },
    method: "POST"
  })
]

describe("8: a secret", () => {
  it.scopedLive("is in no answer and no log line, wherever it was sent", () =>
    Effect.gen(function*() {
      const lines: Array<string> = []
      const logger = Logger.logfmtLogger.pipe(Logger.map((line) => void lines.push(line)))
      yield* Effect.forEach(withSecret, (request, index) =>
        Effect.map(request, ({ status, text }) => {
          assert.notInclude(text.toLowerCase(), "hunter", String(index))
          assert.isBelow(status, 500, String(index))
        })).pipe(Effect.provide(layerServer()), Effect.provide(Logger.replace(Logger.defaultLogger, logger)))
      assert.notInclude(lines.join("\n").toLowerCase(), "hunter")
    }))
})

describe("a failure of the server itself", () => {
  const failing = Effect.gen(function*() {
    const app = guarded(Effect.die(new Error(secret)), namesOf([]), () => ({ localAddress: "127.0.0.1", localPort: 0 }))
    const server = yield* listen(yield* NodeHttpServer.makeHandler(app), { host: "127.0.0.1", port: 0 })
    const { port } = server.address() as AddressInfo
    return yield* raw.send(
      { host: "127.0.0.1", port },
      "GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    )
  })

  it.scopedLive("is told to the log and not to the client", () =>
    Effect.gen(function*() {
      const lines: Array<string> = []
      const logger = Logger.logfmtLogger.pipe(Logger.map((line) => void lines.push(line)))
      const answer = yield* Effect.provide(failing, Logger.replace(Logger.defaultLogger, logger))
      assert.include(answer, "HTTP/1.1 500 ")
      assert.notInclude(answer, secret)
      isProtected(answer)
      assert.include(lines.join("\n"), secret)
    }))
})
