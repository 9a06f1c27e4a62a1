import { FetchHttpClient, HttpClient, HttpClientError, HttpClientResponse } from "@effect/platform"
import { assert, describe, it } from "@effect/vitest"
import { SessionId } from "@t3/protocol/Ids"
import { Deferred, Effect, Either, Fiber, Redacted, TestClock, Tracer } from "effect"
import { mkdtemp, rm } from "node:fs/promises"
import { createServer, request as ask } from "node:http"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as T from "../test/server.ts"
import { pair } from "./Pair.ts"
import * as T3Client from "./T3Client.ts"

const clientOf = (server: T.TestServer) =>
  T3Client.make({ connectionString: server.url, token: Redacted.make(T.sessionToken) }).pipe(
    Effect.provide(FetchHttpClient.layer)
  )

/** Every attribute of every span, as a tracing back end would get them. */
const recorder = () => {
  const recorded: Array<string> = []
  const tracer = Tracer.make({
    context: (f) => f(),
    span: (name, parent, context, links, startTime, kind) => {
      const attributes = new Map<string, unknown>()
      return {
        _tag: "Span",
        addLinks: () => undefined,
        attribute: (key, value) => {
          attributes.set(key, value)
          recorded.push(`${key}=${String(value)}`)
        },
        attributes,
        context,
        end: () => undefined,
        event: () => undefined,
        kind,
        links,
        name,
        parent,
        sampled: true,
        spanId: "s",
        status: { _tag: "Started", startTime },
        traceId: "t"
      }
    }
  })
  return { recorded, tracer }
}

describe("T3Client", () => {
  it.scopedLive("sends the token as a bearer and gives typed values", () =>
    Effect.gen(function*() {
      const server = yield* T.serve((_, response) => T.json(response, 200, { items: [T.session], next: "c2" }))
      const client = yield* clientOf(server)
      const page = yield* client.access.listSessions({ urlParams: { all: true, cursor: "c1", limit: 7 } })
      assert.strictEqual(server.seen[0]?.headers.authorization, `Bearer ${T.sessionToken}`)
      assert.strictEqual(server.seen[0]?.route, "GET /api/access/sessions?all=true&cursor=c1&limit=7")
      assert.strictEqual(page.next, "c2")
      assert.strictEqual(page.items[0]?.createdAt.epochMillis, Date.parse("2026-01-01"))
    }))

  it.scopedLive("fails with the server's own refusal, declared for the route or not", () =>
    Effect.gen(function*() {
      for (
        const [status, tag] of [[401, "SessionRevoked"], [403, "ScopeRequired"], [503, "Unavailable"], [
          409,
          "VersionMismatch"
        ]] as const
      ) {
        const server = yield* T.serve((_, response) =>
          T.json(response, status, { _tag: tag, message: "why", required: "x:y" })
        )
        const client = yield* clientOf(server)
        const error = yield* Effect.flip(
          client.access.revokeSession({ path: { id: SessionId.make(T.ids.session) }, urlParams: { withIssued: true } })
        )
        assert.strictEqual(error._tag, tag)
        assert.strictEqual(error.message, "why")
        assert.strictEqual((yield* Effect.flip(client.environment.descriptor()))._tag, tag)
      }
    }))

  it.scopedLive("names the field that cannot be sent, and sends nothing", () =>
    Effect.gen(function*() {
      const server = yield* T.serve(T.asT3)
      const client = yield* clientOf(server)
      const error = yield* Effect.flip(
        client.access.issuePairing({ payload: { label: "", role: "member", ttl: -5 } })
      )
      assert.strictEqual(error._tag, "Invalid")
      assert.include(error.message, "ttl")
      assert.strictEqual(server.seen.length, 0)
    }))

  it.live("takes an address that is none as Invalid", () =>
    Effect.gen(function*() {
      const client = yield* T3Client.make({ connectionString: "http://[" })
      assert.strictEqual((yield* Effect.flip(client.environment.health()))._tag, "Invalid")
    }).pipe(Effect.provide(FetchHttpClient.layer)))

  it.scoped("waits half a minute for any answer, its end included", () =>
    Effect.gen(function*() {
      const asked = yield* Deferred.make<void>()
      const server = yield* T.serve((_, response) => {
        response.writeHead(200, { "content-type": "application/json" })
        response.write("{\"ok\":", () => Deferred.unsafeDone(asked, Effect.void))
      })
      const client = yield* clientOf(server)
      const fiber = yield* Effect.fork(Effect.either(client.environment.health()))
      yield* Deferred.await(asked)
      yield* TestClock.adjust("30 seconds")
      const result = yield* Fiber.join(fiber)
      assert.isTrue(Either.isLeft(result) && result.left._tag === "Unreachable")
    }))

  it.scopedLive("shows no secret to a tracer", () =>
    Effect.gen(function*() {
      const server = yield* T.serve(T.asT3)
      const { recorded, tracer } = recorder()
      yield* Effect.gen(function*() {
        yield* pair({ host: server.url, token: T.token }, { idempotencyKey: Redacted.make("MY-KEY-IS-SECRET") })
        const client = yield* clientOf(server)
        yield* Effect.flip(client.session.whoAmI())
      }).pipe(Effect.provide(FetchHttpClient.layer), Effect.withTracer(tracer), Effect.withTracerEnabled(true))
      const text = recorded.join("\n")
      assert.include(text, "http.request.header.authorization=")
      assert.include(text, "http.request.header.idempotency-key=")
      for (const secret of ["MY-KEY-IS-SECRET", T.sessionToken, T.token]) assert.notInclude(text, secret)
    }))

  it.scopedLive("keeps the fetch options that a caller set, but for redirects", () =>
    Effect.gen(function*() {
      const server = yield* T.serve((_, response) => T.json(response, 200, { ok: true }))
      const options: Array<RequestInit | undefined> = []
      const client = yield* clientOf(server)
      yield* client.environment.health().pipe(
        Effect.provideService(FetchHttpClient.RequestInit, { credentials: "omit", redirect: "follow" }),
        Effect.provideService(FetchHttpClient.Fetch, (url, init) => {
          options.push(init)
          return fetch(url, init)
        })
      )
      assert.strictEqual(options[0]?.redirect, "manual")
      assert.strictEqual(options[0]?.credentials, "omit")
    }))

  it.scopedLive("works over any HttpClient, such as one on a local socket", () =>
    Effect.gen(function*() {
      const folder = yield* Effect.acquireRelease(
        Effect.promise(() => mkdtemp(join(tmpdir(), "t3-client-"))),
        (path) => Effect.promise(() => rm(path, { recursive: true }))
      )
      const socketPath = join(folder, "control.sock")
      const http = createServer((_, response) => T.json(response, 200, { ok: true }))
      yield* Effect.acquireRelease(
        Effect.async<void>((resume) => {
          http.listen(socketPath, () => resume(Effect.void))
        }),
        () => Effect.sync(() => http.close())
      )
      const overSocket = HttpClient.make((request, url) =>
        Effect.async<HttpClientResponse.HttpClientResponse, HttpClientError.RequestError>((resume) => {
          ask({ agent: false, method: request.method, path: url.pathname, socketPath }, (message) => {
            message.setEncoding("utf8").on("data", (body: string) =>
              resume(
                Effect.succeed(
                  HttpClientResponse.fromWeb(
                    request,
                    new Response(body, { headers: { "content-type": "application/json" } })
                  )
                )
              ))
          }).on("error", (cause) => resume(new HttpClientError.RequestError({ cause, reason: "Transport", request })))
            .end()
        })
      )
      const client = yield* T3Client.make({ connectionString: "http://localhost" }).pipe(
        Effect.provideService(HttpClient.HttpClient, overSocket)
      )
      assert.deepStrictEqual(yield* client.environment.health(), { ok: true })
      yield* Effect.async<void>((resume) => {
        http.close(() => resume(Effect.void))
      })
      assert.include((yield* Effect.flip(client.environment.health())).message, "there is no such socket")
    }))
})
