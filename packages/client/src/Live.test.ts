import { assert, describe, it } from "@effect/vitest"
import type { Errors } from "@t3/protocol"
import { Deferred, Effect, Exit, Fiber, Option, Scope, Stream, TestClock, TestServices } from "effect"
import * as P from "../test/live.ts"
import * as T from "../test/server.ts"

describe("Live.connect", () => {
  it.scopedLive("buys a ticket with the token, and shows it nowhere but in the list of subprotocols", () =>
    Effect.gen(function*() {
      const server = yield* P.peer()
      yield* P.connect(server)
      assert.deepStrictEqual(server.seen.map(({ route }) => route), ["POST /api/ws-ticket"])
      assert.strictEqual(server.seen[0]?.headers.authorization, `Bearer ${T.sessionToken}`)
      const [upgrade] = server.upgrades
      assert.strictEqual(upgrade?.url, "/ws")
      assert.strictEqual(upgrade?.headers["sec-websocket-protocol"], `t3.rpc.v1,t3.ticket.${P.ticket}`)
      assert.isUndefined(upgrade?.headers.authorization)
      assert.isUndefined(upgrade?.headers.cookie)
    }))

  it.scopedLive("opens it under the path of the address", () =>
    Effect.gen(function*() {
      const server = yield* P.peer()
      yield* P.connect({ url: `${server.url}/box/` })
      assert.strictEqual(server.upgrades[0]?.url, "/box/ws")
    }))

  it.scopedLive("fails with the refusal of the ticket, and opens nothing", () =>
    Effect.gen(function*() {
      const server = yield* P.peer(undefined, (_, response) =>
        T.json(response, 401, { _tag: "SessionExpired", message: "too late" }))
      const error = yield* P.refused(P.connect(server))
      assert.deepStrictEqual([error._tag, error.message], ["SessionExpired", "too late"])
      assert.strictEqual(server.upgrades.length, 0)
      assert.strictEqual((yield* P.refused(P.connect({ url: "http://127.0.0.1:9" })))._tag, "Unreachable")
      assert.strictEqual((yield* P.refused(P.connect({ url: "http://[" })))._tag, "Invalid")
    }))

  it.scopedLive("asks for another ticket to learn why an upgrade was refused", () =>
    Effect.gen(function*() {
      const revoked = yield* P.refusing((seen, response, before) =>
        before === 0
          ? P.giveTicket(seen, response, before)
          : T.json(response, 401, { _tag: "SessionRevoked", message: "gone" })
      )
      assert.strictEqual((yield* P.refused(P.connect(revoked)))._tag, "SessionRevoked")
      const proxied = yield* P.refusing(P.giveTicket)
      const error = yield* P.refused(P.connect(proxied))
      assert.strictEqual(error._tag, "Unreachable")
      assert.include(error.hint ?? "", "proxy")
      assert.strictEqual(proxied.seen.length, 2)
    }))

  it.scoped("waits ten seconds for a connection to open", () =>
    Effect.gen(function*() {
      const asked = yield* Deferred.make<void>()
      const server = yield* T.serve(P.giveTicket, () => Deferred.unsafeDone(asked, Effect.void))
      const fiber = yield* Effect.fork(P.refused(P.connect(server)))
      yield* Deferred.await(asked)
      yield* TestClock.adjust("10 seconds")
      assert.strictEqual((yield* Fiber.join(fiber))._tag, "Unreachable")
      assert.strictEqual(server.seen.length, 2)
    }))

  it.scopedLive("can be given up while it opens", () =>
    Effect.gen(function*() {
      const asked = yield* Deferred.make<void>()
      const server = yield* T.serve(P.giveTicket, (_, socket) => {
        socket.on("end", () => Deferred.unsafeDone(closed, Effect.void)).resume()
        Deferred.unsafeDone(asked, Effect.void)
      })
      const closed = yield* Deferred.make<void>()
      const fiber = yield* Effect.fork(Effect.scoped(P.connect(server)))
      yield* Deferred.await(asked)
      yield* Fiber.interrupt(fiber)
      yield* Deferred.await(closed)
    }))
})

describe("the end of a live connection", () => {
  const ends: ReadonlyArray<readonly [code: number, reason: string, tag: Errors.Refusal["_tag"], words: string]> = [
    [4401, "SessionRevoked", "SessionRevoked", "revoked"],
    [4401, "SessionExpired", "SessionExpired", "expired"],
    [4401, "Unauthenticated", "Unauthenticated", "ended"],
    [4401, "SECRET", "Unauthenticated", "ended"],
    [4403, "ScopeRequired", "ScopeRequired", "lacks a right"],
    [4409, "SECRET", "VersionMismatch", "different versions"],
    [1012, "Unavailable", "Unavailable", "is restarting"],
    [1013, "SECRET", "Unavailable", "too much"],
    [1000, "SECRET", "Unreachable", "was closed (1000)"],
    [1001, "", "Unreachable", "was closed (1001)"],
    [1011, "SECRET", "Unreachable", "was closed (1011)"]
  ]

  /** Connects, has a call and a stream under way, makes it end, and gives why all of them ended. */
  const ending = (how: (server: P.Peer) => void) =>
    Effect.gen(function*() {
      const server = yield* P.peer()
      const { closed, rpc } = yield* P.connect(server)
      const call = yield* Effect.fork(P.refused(rpc.session.whoAmI()))
      const stream = yield* Effect.fork(P.refused(Stream.runDrain(rpc.events.follow({}))))
      yield* P.until(() => server.said.length === 2)
      how(server)
      const reasons = [
        yield* P.refused(closed),
        yield* Fiber.join(call),
        yield* Fiber.join(stream),
        yield* P.refused(rpc.session.whoAmI()),
        yield* P.refused(Stream.runDrain(rpc.events.follow({})))
      ]
      assert.strictEqual(new Set(reasons.map(({ _tag, message }) => `${_tag} ${message}`)).size, 1)
      assert.strictEqual(server.said.length, 2)
      return reasons[0]
    })

  for (const [code, reason, tag, words] of ends) {
    it.scopedLive(`with ${code} ${reason} is ${tag}, for all that is under way and all that comes`, () =>
      Effect.gen(function*() {
        const error = yield* ending((server) => server.sockets[0]?.close(code, reason))
        assert.strictEqual(error?._tag, tag)
        assert.include(error?.message ?? "", words)
      }))
  }

  /** A server as it goes: it ends the stream before it says why. */
  const goes = P.peer((message, socket) => {
    if (message._tag === "Request") {
      P.send(socket, { _tag: "Chunk", requestId: message.id, values: [T.stopping] })
      P.send(socket, P.answer(message.id))
    }
  })

  it.scopedLive("is the end of the events too, where the server has ended them before", () =>
    Effect.gen(function*() {
      const server = yield* goes
      const { rpc } = yield* P.connect(server)
      const items = rpc.events.follow({}).pipe(
        Stream.tap(() => Effect.sync(() => server.sockets[0]?.close(1012, "Unavailable")))
      )
      const error = yield* P.refused(Stream.runDrain(items))
      assert.deepStrictEqual([error._tag, error.message.endsWith("is restarting.")], ["Unavailable", true])
    }))

  it.scoped("is waited for five seconds by events that the server has ended", () =>
    Effect.gen(function*() {
      const server = yield* goes
      const { rpc } = yield* P.connect(server)
      const fiber = yield* Effect.fork(P.refused(Stream.runDrain(rpc.events.follow({}))))
      yield* P.until(() => server.said.some((said) => said.includes("Ack")))
      yield* Effect.sleep("20 millis").pipe(TestServices.provideLive)
      yield* TestClock.adjust("4 seconds")
      assert.isTrue(Option.isNone(yield* Fiber.poll(fiber)))
      yield* TestClock.adjust("1 second")
      assert.include((yield* Fiber.join(fiber)).message, "has ended the stream of events")
    }))

  it.scopedLive("without a word is Unreachable", () =>
    Effect.gen(function*() {
      const error = yield* ending((server) => server.sockets[0]?.terminate())
      assert.deepStrictEqual([error?._tag, error?.message.endsWith("broke off.")], ["Unreachable", true])
    }))

  const garbage: ReadonlyArray<readonly [string, string | Buffer]> = [
    ["text", "SECRET"],
    ["nothing", ""],
    ["null", "null"],
    ["another tag", "{\"_tag\":\"SECRET\"}"],
    ["an error of its own making", "{\"_tag\":\"ClientProtocolError\",\"error\":\"SECRET\"}"],
    ["an id that is no number", "{\"_tag\":\"Exit\",\"requestId\":\"SECRET\",\"exit\":{\"_tag\":\"Success\"}}"],
    [
      "an exit without an end",
      `{"_tag":"Exit","requestId":"0","exit":{"_tag":"Failure","cause":${"{\"left\":".repeat(20_000)}0${
        "}".repeat(20_000)
      }}}`
    ],
    ["bytes", Buffer.from("{\"_tag\":\"Pong\"}")]
  ]
  for (const [name, frame] of garbage) {
    it.scopedLive(`comes with a frame that is no message (${name})`, () =>
      Effect.gen(function*() {
        const error = yield* ending((server) => server.sockets[0]?.send(frame))
        assert.strictEqual(error?._tag, "Unreachable")
        assert.include(error?.message ?? "", "is not a T3 server")
      }))
  }

  it.scopedLive("is not brought about by answers to calls that nobody made", () =>
    Effect.gen(function*() {
      const server = yield* P.peer((message, socket) => {
        if (message._tag !== "Request") return
        P.send(socket, P.answer("999999", "SECRET"))
        P.send(socket, P.failed("999999", { _tag: "Fail", error: "SECRET" }))
        P.send(socket, { _tag: "Chunk", requestId: "999999", values: ["SECRET"] })
        P.send(socket, P.answer(message.id, P.identity))
      })
      const { rpc } = yield* P.connect(server)
      yield* rpc.session.whoAmI()
    }))

  it.scoped("comes when nothing was heard on two beats in a row", () =>
    Effect.gen(function*() {
      const server = yield* P.peer()
      const { closed } = yield* P.connect(server)
      const fiber = yield* Effect.fork(P.refused(closed))
      const isOpen = Effect.map(Fiber.poll(fiber), Option.isNone)
      const beat = (beats: number) =>
        Effect.zipRight(TestClock.adjust("10 seconds"), P.until(() => server.said.length === beats))
      yield* beat(1)
      yield* beat(2)
      assert.isTrue(yield* isOpen)
      // Not an answer to the question, but a sign of life.
      P.send(server.sockets[0], P.answer("999999"))
      yield* P.until(() => true)
      yield* Effect.sleep("50 millis").pipe(TestServices.provideLive)
      yield* beat(3)
      yield* beat(4)
      yield* TestClock.adjust("9 seconds")
      assert.isTrue(yield* isOpen)
      yield* TestClock.adjust("1 second")
      const error = yield* Fiber.join(fiber)
      assert.deepStrictEqual([error._tag, error.message], ["Unreachable", `${server.url} no longer answers.`])
      assert.deepStrictEqual(new Set(server.said), new Set(["{\"_tag\":\"Ping\"}"]))
      yield* P.until(() => server.sockets[0]?.readyState === 3)
    }))

  it.scopedLive("comes with the scope: the server is told, and all that is under way fails", () =>
    Effect.gen(function*() {
      const codes: Array<number> = []
      const server = yield* P.peer((_, socket) => socket.on("close", (code) => codes.push(code)))
      const scope = yield* Scope.make()
      const { closed, rpc } = yield* Scope.extend(P.connect(server), scope)
      const call = yield* Effect.fork(P.refused(rpc.session.whoAmI()))
      yield* P.until(() => server.said.length === 1)
      yield* Scope.close(scope, Exit.void)
      const error = yield* Fiber.join(call)
      assert.deepStrictEqual([error._tag, error.message.endsWith("was closed by this device.")], ["Unreachable", true])
      assert.strictEqual((yield* P.refused(closed)).message, error.message)
      assert.strictEqual((yield* P.refused(rpc.session.whoAmI())).message, error.message)
      yield* P.until(() => codes.length > 0)
      assert.deepStrictEqual(codes, [1000])
    }))
})
