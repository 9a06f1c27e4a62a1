import { FetchHttpClient } from "@effect/platform"
import { assert, describe, it } from "@effect/vitest"
import type { EventItem, FollowRequest } from "@t3/protocol/Event"
import { StreamId } from "@t3/protocol/Ids"
import { Chunk, Deferred, Effect, Fiber, Option, Redacted, Stream, TestClock, TestServices } from "effect"
import type { ServerResponse } from "node:http"
import { inspect } from "node:util"
import * as T from "../test/server.ts"
import * as EventStream from "./EventStream.ts"

const token = Redacted.make(T.sessionToken)

const follow = (server: T.TestServer, request: FollowRequest = {}) =>
  EventStream.follow({ connectionString: server.url, token }, request).pipe(
    Stream.provideLayer(FetchHttpClient.layer)
  )

/** What came until the stream failed, and why it failed. */
const watch = (server: T.TestServer, request?: FollowRequest) =>
  Effect.gen(function*() {
    const items: Array<EventItem> = []
    const error = yield* Effect.flip(
      Stream.runForEach(follow(server, request), (item) => Effect.sync(() => items.push(item)))
    )
    return { error, items, tags: items.map((item) => item._tag) }
  })

const event = (data: unknown) => `data: ${JSON.stringify(data)}\n\n`

/** A server whose stream is these bytes or texts, a moment apart, and then ends. */
const streaming = (...pieces: ReadonlyArray<string | Uint8Array>) =>
  T.serve((_, response) => {
    const next = (at: number) => {
      const piece = pieces[at]
      if (piece === undefined) response.end()
      else response.write(piece, () => setTimeout(() => next(at + 1), 5))
    }
    T.eventStream(response).flushHeaders()
    next(0)
  })

describe("EventStream", () => {
  it.scopedLive("asks with the token, from now on or from where it was", () =>
    Effect.gen(function*() {
      const server = yield* streaming(event(T.position))
      yield* watch(server)
      yield* watch(server, { after: { seq: 7, stream: StreamId.make(T.stream) } })
      assert.deepStrictEqual(server.seen.map(({ route }) => route), [
        "GET /api/events",
        `GET /api/events?after=7&stream=${T.stream}`
      ])
      assert.strictEqual(server.seen[0]?.headers.authorization, `Bearer ${T.sessionToken}`)
      assert.strictEqual(server.seen[0]?.headers.accept, "text/event-stream")
    }))

  it.scopedLive("asks without a token where there is none, under the path of the address", () =>
    Effect.gen(function*() {
      const server = yield* streaming(event(T.position))
      yield* EventStream.follow({ connectionString: `${server.url}/box` }, {}).pipe(
        Stream.runDrain,
        Effect.flip,
        Effect.provide(FetchHttpClient.layer)
      )
      assert.strictEqual(server.seen[0]?.route, "GET /box/api/events")
      assert.isUndefined(server.seen[0]?.headers.authorization)
    }))

  it.scopedLive("gives typed items as they come, and leaves out kinds that came later", () =>
    Effect.gen(function*() {
      const server = yield* T.serve((_, response) => {
        T.eventStream(response).write(`: hello\n\nid: ${T.stream}:7\n${event(T.position)}`)
        answer = response
      })
      let answer: ServerResponse | undefined
      const items = yield* follow(server).pipe(
        Stream.tap((item) =>
          Effect.sync(() =>
            item._tag === "Position" &&
            answer?.write(event({ _tag: "Weather", sun: true }) + event({ _tag: "toString" }) + event(T.project))
          )
        ),
        Stream.take(2),
        Stream.runCollect
      )
      const [position, project] = Chunk.toReadonlyArray(items)
      assert.isTrue(position?._tag === "Position" && position.seq === 7 && !position.reload)
      assert.isTrue(project?._tag === "Project" && project.at.epochMillis === Date.parse(T.project.at))
    }))

  it.scopedLive("puts together what came in pieces, be it half a character", () =>
    Effect.gen(function*() {
      const bytes = new TextEncoder().encode(event(T.project))
      const half = bytes.indexOf(0xf0) + 2
      const server = yield* streaming(bytes.slice(0, half), bytes.slice(half, -1), bytes.slice(-1))
      const { items } = yield* watch(server)
      assert.isTrue(items[0]?._tag === "Project" && items[0].project.title === "käse 🗝")
    }))

  it.scopedLive("tells that the connection was closed, be it in good order, and gives all that was whole", () =>
    Effect.gen(function*() {
      const server = yield* streaming(event(T.position), event(T.stopping), `data: ${JSON.stringify(T.project)}\n`)
      const { error, tags } = yield* watch(server)
      assert.deepStrictEqual(tags, ["Position", "Stopping"])
      assert.strictEqual(error._tag, "Unreachable")
      assert.strictEqual(error.message, `The connection to ${server.url} was closed.`)
    }))

  it.scopedLive("tells that the connection broke off", () =>
    Effect.gen(function*() {
      const server = yield* T.serve((_, response) => {
        T.eventStream(response).write(event(T.position), () => setTimeout(() => response.destroy(), 5))
      })
      const { error, tags } = yield* watch(server)
      assert.deepStrictEqual(tags, ["Position"])
      assert.strictEqual(error._tag, "Unreachable")
      assert.include(error.message, "broke off")
    }))

  const garbage: ReadonlyArray<readonly [string, string]> = [
    ["no JSON", "data: SECRET\n\n"],
    ["no item", event("SECRET")],
    ["an item of another shape", event({ ...T.stopping, seq: "SECRET" })],
    ["nothing at all", "data\n\n"],
    ["a line without an end", `data: ${"SECRET".repeat(50_000)}`]
  ]
  for (const [name, text] of garbage) {
    it.scopedLive(`fails where the data is ${name}, after what came before, without repeating it`, () =>
      Effect.gen(function*() {
        const server = yield* streaming(event(T.position), text + event(T.stopping))
        const { error, tags } = yield* watch(server)
        assert.deepStrictEqual(tags, ["Position"])
        assert.strictEqual(error._tag, "Unreachable")
        assert.include(error.message, "is not a T3 server: its answer has another shape")
        assert.notInclude(inspect(error), "SECRET")
      }))
  }

  it.scopedLive("fails with the server's own refusal, and with Unreachable if it is no T3 server", () =>
    Effect.gen(function*() {
      const refused = yield* T.serve((_, response) =>
        T.json(response, 401, { _tag: "SessionRevoked", message: "gone\u0007" })
      )
      const { error, tags } = yield* watch(refused)
      assert.deepStrictEqual([tags, error._tag, error.message], [[], "SessionRevoked", "gone"])
      assert.notInclude(inspect(error, { depth: 9, showHidden: true }), T.sessionToken)
      const limited = yield* T.serve((_, response) =>
        T.json(response, 429, { _tag: "RateLimited", message: "slow down", retryAfter: 7 })
      )
      const { error: later } = yield* watch(limited)
      assert.isTrue(later._tag === "RateLimited" && later.retryAfter === 7)
      for (
        const [status, type, what] of [
          [200, "text/html", "an event stream"],
          [200, "application/json", "an event stream"],
          [200, "text/event-streams", "an event stream"],
          [500, "text/event-stream", "JSON"],
          [302, "text/event-stream", "it redirects elsewhere"]
        ] as const
      ) {
        const page = yield* T.serve((_, response) =>
          response.writeHead(status, { "content-type": type, location: refused.url }).end(event(T.position))
        )
        const { error, tags } = yield* watch(page)
        assert.deepStrictEqual([tags, error._tag], [[], "Unreachable"])
        assert.include(error.message, "is not a T3 server")
        assert.include(error.message, what)
      }
      assert.strictEqual(refused.seen.length, 1)
    }))

  it.live("says so where nothing listens, or where the address is none", () =>
    Effect.gen(function*() {
      const fails = (connectionString: string) =>
        Effect.flip(Stream.runDrain(EventStream.follow({ connectionString, token }, {})))
      const error = yield* fails("http://127.0.0.1:9")
      assert.strictEqual(error._tag, "Unreachable")
      assert.notInclude(inspect(error, { depth: 9, showHidden: true }), T.sessionToken)
      assert.strictEqual((yield* fails("http://["))._tag, "Invalid")
    }).pipe(Effect.provide(FetchHttpClient.layer)))

  it.scoped("takes a minute without a byte for the end; a comment is enough to live on", () =>
    Effect.gen(function*() {
      const begun = yield* Deferred.make<ServerResponse>()
      const server = yield* T.serve((_, response) => {
        T.eventStream(response).write(event(T.position), () => Deferred.unsafeDone(begun, Effect.succeed(response)))
      })
      const items: Array<EventItem> = []
      let bytes = 0
      const fiber = yield* follow(server).pipe(
        Stream.runForEach((item) => Effect.sync(() => items.push(item))),
        Effect.flip,
        Effect.provideService(FetchHttpClient.Fetch, async (url, init) => {
          const response = await fetch(url, init)
          const count = new TransformStream<Uint8Array, Uint8Array>({
            transform: (chunk, controller) => {
              bytes += chunk.length
              controller.enqueue(chunk)
            }
          })
          return new Response(response.body?.pipeThrough(count), response)
        }),
        Effect.fork
      )
      const response = yield* Deferred.await(begun)
      /** The bytes are with the client, and a moment has passed for it to wait for the next ones. */
      const arrived = (count: number) =>
        Effect.sleep("20 millis").pipe(Effect.repeat({ until: () => bytes >= count }), TestServices.provideLive)
      const first = event(T.position).length
      yield* arrived(first)
      yield* TestClock.adjust("59 seconds")
      response.write(":\n")
      yield* arrived(first + 2)
      yield* TestClock.adjust("59 seconds")
      assert.isTrue(Option.isNone(yield* Fiber.poll(fiber)))
      yield* TestClock.adjust("1 second")
      const error = yield* Fiber.join(fiber)
      assert.strictEqual(error._tag, "Unreachable")
      assert.include(error.message, "silent for 60 seconds")
      assert.strictEqual(items.length, 1)
    }))

  it.scoped("waits half a minute for the answer to begin", () =>
    Effect.gen(function*() {
      const asked = yield* Deferred.make<void>()
      const server = yield* T.serve(() => Deferred.unsafeDone(asked, Effect.void))
      const fiber = yield* Effect.fork(watch(server))
      yield* Deferred.await(asked)
      yield* TestClock.adjust("30 seconds")
      const { error } = yield* Fiber.join(fiber)
      assert.include(error.message, "did not answer within 30 seconds")
    }))

  it.scopedLive("hangs up when nobody listens any more", () =>
    Effect.gen(function*() {
      const closed = yield* Deferred.make<void>()
      const server = yield* T.serve((_, response) => {
        response.on("close", () => Deferred.unsafeDone(closed, Effect.void))
        T.eventStream(response).write(event(T.position))
      })
      yield* Stream.runDrain(Stream.take(follow(server), 1))
      yield* Deferred.await(closed)
    }))
})
