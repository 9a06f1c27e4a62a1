import { FetchHttpClient } from "@effect/platform"
import { assert, describe, it } from "@effect/vitest"
import { DateTime, Deferred, Duration, Effect, Either, Fiber, Redacted, TestClock } from "effect"
import { createServer, type Socket } from "node:net"
import * as T from "../test/server.ts"
import { pair, type PairOptions, type PairTarget } from "./Pair.ts"

const refused = (target: PairTarget, options?: PairOptions) =>
  Effect.flip(pair(target, options)).pipe(Effect.provide(FetchHttpClient.layer))
const paired = (target: PairTarget, options?: PairOptions) =>
  pair(target, options).pipe(Effect.provide(FetchHttpClient.layer))
const link = (server: T.TestServer) => `${server.url}/pair#t=${T.token}`
const posts = (server: T.TestServer) => server.seen.filter((seen) => seen.route === "POST /oauth/token")

describe("pair", () => {
  it.scopedLive("sends a form that the server understands and gives the session", () =>
    Effect.gen(function*() {
      const server = yield* T.serve(T.asT3)
      const before = yield* DateTime.now
      const session = yield* paired({ host: ` 127.0.0.1:${server.port} `, token: "k7qx-2m9p htrd" }, {
        device: { kind: "script", label: "ci & co", os: "linux" },
        earlier: [
          { connectionString: server.url, environmentId: T.ids.environment, token: Redacted.make(T.sessionToken) }
        ],
        scopes: ["project:read", "environment:read"]
      })
      assert.deepStrictEqual(Object.fromEntries(new URLSearchParams(posts(server)[0]?.body)), {
        actor_token: T.sessionToken,
        actor_token_type: "urn:ietf:params:oauth:token-type:access_token",
        device_kind: "script",
        device_label: "ci & co",
        device_os: "linux",
        grant_type: "urn:ietf:params:oauth:grant-type:token-exchange",
        scope: "project:read environment:read",
        subject_token: T.token,
        subject_token_type: "urn:t3:params:oauth:token-type:pairing-token"
      })
      assert.strictEqual(posts(server)[0]?.headers["content-type"], "application/x-www-form-urlencoded")
      assert.strictEqual(session.connectionString, server.url)
      assert.strictEqual(Redacted.value(session.token), T.sessionToken)
      assert.deepStrictEqual(session.scopes, ["environment:read", "project:read", "project:write"])
      assert.strictEqual(session.role, "member")
      assert.strictEqual(session.environment.label, "box")
      const life = Duration.toSeconds(DateTime.distanceDuration(before, session.expiresAt))
      assert.isTrue(life >= 3600 && life < 3610)
      assert.notInclude(JSON.stringify(session), T.sessionToken)
    }))

  it.scopedLive("keeps sessions of other environments and of other addresses to itself", () =>
    Effect.gen(function*() {
      const server = yield* T.serve(T.asT3)
      const token = Redacted.make(T.sessionToken)
      yield* paired(link(server), {
        earlier: [
          { connectionString: server.url, environmentId: "aaaaaaaaaaaa", token },
          // Anybody can say that they are this environment.
          { connectionString: "http://100.64.0.7:3773", environmentId: T.ids.environment, token }
        ]
      })
      assert.notInclude(JSON.stringify(server.seen), T.sessionToken)
    }))

  it.scopedLive("repeats an exchange whose answer was lost, with the same key, once", () =>
    Effect.gen(function*() {
      const server = yield* T.serve((seen, response, before) =>
        seen.route === "POST /oauth/token" && before === 0 ? response.destroy() : T.asT3(seen, response)
      )
      const session = yield* paired(link(server))
      assert.strictEqual(session.sessionId, T.ids.session)
      const keys = posts(server).map((seen) => seen.headers["idempotency-key"])
      assert.strictEqual(keys.length, 2)
      assert.match(String(keys[0]), /^[0-9a-f]{32}$/)
      assert.strictEqual(keys[0], keys[1])
      yield* paired(link(server), { idempotencyKey: Redacted.make("my-own-key") })
      assert.strictEqual(posts(server)[2]?.headers["idempotency-key"], "my-own-key")
    }))

  it.scopedLive("also repeats it when the answer was cut short, and gives up after the second time", () =>
    Effect.gen(function*() {
      const server = yield* T.serve((seen, response) => {
        if (seen.route !== "POST /oauth/token") return T.asT3(seen, response)
        response.writeHead(200, { "content-length": "500", "content-type": "application/json" })
        response.write("{\"access_token\":", () => response.destroy())
      })
      const error = yield* refused(link(server))
      assert.strictEqual(error._tag, "Unreachable")
      assert.include(error.message, "broke off")
      assert.strictEqual(posts(server).length, 2)
    }))

  it.scopedLive("does not repeat what the server refused, and keeps its words harmless", () =>
    Effect.gen(function*() {
      const server = yield* T.serve((seen, response) =>
        seen.route === "POST /oauth/token"
          ? T.json(response, 400, {
            _tag: "PairingUsed",
            error: "invalid_request",
            hint: "ask \u001b]0;evil\u0007again",
            message: "already\u202e used"
          })
          : T.asT3(seen, response)
      )
      const error = yield* refused(link(server))
      assert.strictEqual(error._tag, "PairingUsed")
      assert.strictEqual(error.message, "already used")
      assert.strictEqual(error.hint, "ask ]0;evilagain")
      assert.strictEqual(posts(server).length, 1)
    }))

  it.scopedLive("sends nothing at all to an insecure address unless allowed", () =>
    Effect.gen(function*() {
      const server = yield* T.serve(T.asT3)
      const target = { host: `http://0.0.0.0:${server.port}`, token: T.token }
      assert.strictEqual((yield* refused(target))._tag, "InsecureAddress")
      assert.strictEqual(server.seen.length, 0)
      assert.strictEqual((yield* paired(target, { allowInsecure: true })).sessionId, T.ids.session)
    }))

  it.scopedLive("says which side to update, and keeps the token from the other version", () =>
    Effect.gen(function*() {
      const server = yield* T.serve((_, response) => T.json(response, 200, { ...T.descriptor, protocolVersion: 2 }))
      const error = yield* refused(link(server))
      assert.strictEqual(error._tag, "VersionMismatch")
      assert.include(error.message, "version 2")
      assert.strictEqual(error.hint, "Update T3 on this device.")
      assert.strictEqual(posts(server).length, 0)
    }))

  const strangers: ReadonlyArray<readonly [string, Parameters<typeof T.serve>[0]]> = [
    ["a web page", (_, response) => response.writeHead(200, { "content-type": "text/html" }).end("<b>SECRET-BODY</b>")],
    ["a 404 page", (_, response) => response.writeHead(404, { "content-type": "text/html" }).end("SECRET-BODY")],
    ["another JSON API", (_, response) => T.json(response, 200, { name: "SECRET-BODY" })],
    [
      "broken JSON",
      (_, response) => response.writeHead(200, { "content-type": "application/json" }).end("SECRET-BODY")
    ],
    ["another API's error", (_, response) => T.json(response, 500, { error: "SECRET-BODY" })],
    ["an unknown refusal", (_, response) => T.json(response, 400, { _tag: "SECRET-BODY", message: "SECRET-BODY" })],
    ["an error that is no object", (_, response) => T.json(response, 500, ["SECRET-BODY"])]
  ]
  for (const [name, answer] of strangers) {
    it.scopedLive(`recognises ${name} as no T3 server, and sends it no token`, () =>
      Effect.gen(function*() {
        const server = yield* T.serve(answer)
        const error = yield* refused(link(server))
        assert.strictEqual(error._tag, "Unreachable")
        assert.include(error.message, `What answers at ${server.url} is not a T3 server`)
        assert.notInclude(String(error.message) + String(error.hint), "SECRET-BODY")
        assert.strictEqual(posts(server).length, 0)
      }))
  }

  it.scopedLive("takes no token along to where a redirect leads", () =>
    Effect.gen(function*() {
      const elsewhere = yield* T.serve(T.asT3)
      const server = yield* T.serve((seen, response) =>
        seen.route === "POST /oauth/token"
          ? response.writeHead(307, { location: `${elsewhere.url}/oauth/token` }).end()
          : T.asT3(seen, response)
      )
      const error = yield* refused(link(server))
      assert.include(error.message, "it redirects elsewhere")
      assert.strictEqual(elsewhere.seen.length, 0)
    }))

  it.scopedLive("says what it means when nothing listens, or something that is not HTTP", () =>
    Effect.gen(function*() {
      const sockets: Array<Socket> = []
      const ssh = createServer((socket) => {
        sockets.push(socket.on("error", () => undefined))
        socket.end("SSH-2.0-x\r\n")
      })
      const port = yield* Effect.async<number>((resume) => {
        ssh.listen(0, "127.0.0.1", () => {
          const address = ssh.address()
          resume(Effect.succeed(typeof address === "object" && address !== null ? address.port : 0))
        })
      })
      assert.include(
        (yield* refused({ host: `127.0.0.1:${port}`, token: T.token })).message,
        "what listens there does not speak HTTP"
      )
      yield* Effect.async<void>((resume) => {
        ssh.close(() => resume(Effect.void))
        sockets.forEach((socket) => socket.destroy())
      })
      const error = yield* refused({ host: `127.0.0.1:${port}`, token: T.token })
      assert.strictEqual(error._tag, "Unreachable")
      assert.strictEqual(error.message, `http://127.0.0.1:${port} does not answer: the connection was refused.`)
      assert.include((yield* refused({ host: "127.0.0.1:6000", token: T.token })).message, "on this port")
      assert.include(
        (yield* refused({ host: "nobody.invalid", token: T.token }, { allowInsecure: true })).message,
        "name"
      )
    }))

  it.scoped("waits ten seconds for a server that accepts and says nothing", () =>
    Effect.gen(function*() {
      const asked = yield* Deferred.make<void>()
      const server = yield* T.serve(() => Deferred.unsafeDone(asked, Effect.void))
      const fiber = yield* Effect.fork(Effect.either(paired(link(server))))
      yield* Deferred.await(asked)
      yield* TestClock.adjust("9 seconds")
      assert.isNull(fiber.unsafePoll())
      yield* TestClock.adjust("1 second")
      const result = yield* Fiber.join(fiber)
      assert.isTrue(Either.isLeft(result) && result.left._tag === "Unreachable")
      assert.include(Either.isLeft(result) ? result.left.message : "", "did not answer within 10 seconds")
    }))

  it.effect("refuses a target that cannot be right, before it asks anyone, without quoting it", () =>
    Effect.gen(function*() {
      const pin = "A".repeat(43)
      for (
        const target of [
          "",
          "K7QX-2M9P-HTRU",
          "javascript:alert('K7QX-2M9P-HTRU')",
          "http://127.0.0.1:1/pair#t=K7QX2M9PHTRU",
          `http://127.0.0.1:1/pair#t=${T.token}&p=${pin}`,
          { host: "", token: T.token },
          { host: `http://127.0.0.1:1/pair#t=${T.token}`, token: T.token },
          { host: "127.0.0.1", token: "K7QX-2M9P-HTRU" },
          { host: "127.0.0.1", token: Redacted.make("") }
        ]
      ) {
        const error = yield* refused(target)
        assert.strictEqual(error._tag, "Invalid")
        assert.notMatch(error.message + String(error.hint), /K7QX/)
      }
    }))

  it.scopedLive("does not quote a secret that is malformed", () =>
    Effect.gen(function*() {
      const server = yield* T.serve(T.asT3)
      const error = yield* refused(link(server), {
        earlier: [{
          connectionString: server.url,
          environmentId: T.ids.environment,
          token: Redacted.make("MY-SECRET")
        }],
        idempotencyKey: Redacted.make("x")
      })
      assert.strictEqual(error._tag, "Invalid")
      assert.notMatch(error.message + String(error.hint), /MY-SECRET/)
      assert.include(error.message, "actor_token")
    }))
})
