import { FetchHttpClient } from "@effect/platform"
import { assert, describe, it } from "@effect/vitest"
import { Errors, type Event, Ids, Session } from "@t3/protocol"
import {
  Cause,
  Chunk,
  DateTime,
  Deferred,
  Effect,
  Exit,
  Fiber,
  Layer,
  Option,
  Redacted,
  Schema,
  Scope,
  Stream,
  TestClock,
  TestServices
} from "effect"
import { inspect } from "node:util"
import * as P from "../test/live.ts"
import * as T from "../test/server.ts"
import * as Live from "./Live.ts"
import * as WebSocketConstructor from "./node/WebSocketConstructor.ts"

const layers = Layer.merge(FetchHttpClient.layer, WebSocketConstructor.layer)

const connect = (server: { readonly url: string }) =>
  Live.connect({ connectionString: server.url, token: Redacted.make(T.sessionToken) }).pipe(Effect.provide(layers))

const secrets = [T.sessionToken, P.ticket, "SECRET"]

/** What it failed with, if it failed as calls do, and told no secret. */
const failure = <A, E>(exit: Exit.Exit<A, E>): E => {
  const error = Exit.isFailure(exit) ? Option.getOrUndefined(Cause.failureOption(exit.cause)) : undefined
  if (error === undefined) assert.fail(`no failure: ${inspect(exit)}`)
  const text = inspect(error, { depth: 9, showHidden: true }) + JSON.stringify(error)
  for (const secret of secrets) assert.notInclude(text, secret)
  return error
}

const refused = <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.map(Effect.exit(effect), failure)

const answer = (requestId: string, value?: unknown) => ({ _tag: "Exit", exit: { _tag: "Success", value }, requestId })
const failed = (requestId: string, cause: unknown) => ({ _tag: "Exit", exit: { _tag: "Failure", cause }, requestId })
const identity = { environment: { id: T.ids.environment, label: "box" }, session: T.session }

/** Waits, by the real clock, until it is so. */
const until = (isSo: () => boolean) =>
  Effect.sleep("5 millis").pipe(Effect.repeat({ until: isSo }), TestServices.provideLive)

describe("Live.connect", () => {
  it.scopedLive("buys a ticket with the token, and shows it nowhere but in the list of subprotocols", () =>
    Effect.gen(function*() {
      const server = yield* P.peer()
      yield* connect(server)
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
      yield* connect({ url: `${server.url}/box/` })
      assert.strictEqual(server.upgrades[0]?.url, "/box/ws")
    }))

  it.scopedLive("fails with the refusal of the ticket, and opens nothing", () =>
    Effect.gen(function*() {
      const server = yield* P.peer(undefined, (_, response) =>
        T.json(response, 401, { _tag: "SessionExpired", message: "too late" }))
      const error = yield* refused(connect(server))
      assert.deepStrictEqual([error._tag, error.message], ["SessionExpired", "too late"])
      assert.strictEqual(server.upgrades.length, 0)
      assert.strictEqual((yield* refused(connect({ url: "http://127.0.0.1:9" })))._tag, "Unreachable")
      assert.strictEqual((yield* refused(connect({ url: "http://[" })))._tag, "Invalid")
    }))

  it.scopedLive("asks for another ticket to learn why an upgrade was refused", () =>
    Effect.gen(function*() {
      const revoked = yield* P.refusing((seen, response, before) =>
        before === 0
          ? P.giveTicket(seen, response, before)
          : T.json(response, 401, { _tag: "SessionRevoked", message: "gone" })
      )
      assert.strictEqual((yield* refused(connect(revoked)))._tag, "SessionRevoked")
      const proxied = yield* P.refusing(P.giveTicket)
      const error = yield* refused(connect(proxied))
      assert.strictEqual(error._tag, "Unreachable")
      assert.include(error.hint ?? "", "proxy")
      assert.strictEqual(proxied.seen.length, 2)
    }))

  it.scoped("waits ten seconds for a connection to open", () =>
    Effect.gen(function*() {
      const asked = yield* Deferred.make<void>()
      const server = yield* T.serve(P.giveTicket, () => Deferred.unsafeDone(asked, Effect.void))
      const fiber = yield* Effect.fork(refused(connect(server)))
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
      const fiber = yield* Effect.fork(Effect.scoped(connect(server)))
      yield* Deferred.await(asked)
      yield* Fiber.interrupt(fiber)
      yield* Deferred.await(closed)
    }))
})

describe("the calls of a live connection", () => {
  it.scopedLive("go to a real RPC server, many at once, and give typed values", () =>
    Effect.gen(function*() {
      const session = yield* Schema.decodeUnknown(Session.Session)(T.session)
      const server = yield* P.rpcPeer({
        "access.listSessions": ({ limit }) =>
          Effect.delay(Effect.succeed({ items: [session], next: `after ${limit}` }), "20 millis"),
        "access.renameSession": ({ id, label }) =>
          Effect.succeed({ ...session, device: { ...session.device, label }, id }),
        "session.whoAmI": () => Effect.succeed({ environment: { id: session.id as never, label: "box" }, session })
      })
      const { rpc } = yield* connect(server)
      const [page, me, renamed] = yield* Effect.all([
        rpc.access.listSessions({ all: true, limit: 7 }),
        rpc.session.whoAmI(),
        rpc.access.renameSession({ id: Ids.SessionId.make(T.ids.session), label: "phone" })
      ], { concurrency: "unbounded" })
      assert.strictEqual(page.next, "after 7")
      assert.isTrue(DateTime.isUtc(me.session.createdAt))
      assert.strictEqual(renamed.device.label, "phone")
      assert.strictEqual(server.sockets.length, 1)
    }))

  it.scopedLive("stream no faster than the events are read", () =>
    Effect.gen(function*() {
      let made = 0
      const at = DateTime.unsafeFromDate(new Date(T.stopping.at))
      const server = yield* P.rpcPeer({
        "events.follow": ({ after }) =>
          Stream.range(1, 1000).pipe(
            Stream.rechunk(1),
            Stream.map((seq): Event.EventItem => {
              made += 1
              return { _tag: "Stopping", at, seq: seq + (after?.seq ?? 0) }
            })
          )
      })
      const { rpc } = yield* connect(server)
      const after = { seq: 1000, stream: Ids.StreamId.make(T.stream) }
      const pull = yield* Stream.toPull(rpc.events.follow({ after }))
      yield* pull
      yield* Effect.sleep("100 millis")
      assert.isBelow(made, 50)
      const rest = yield* Stream.runCollect(rpc.events.follow({ after }))
      assert.deepStrictEqual(
        Chunk.toReadonlyArray(rest).map(({ seq }) => seq),
        Array.from({ length: 1000 }, (_, index) => 1001 + index)
      )
    }))

  it.scopedLive("fail with the server's refusal, its words made harmless", () =>
    Effect.gen(function*() {
      const server = yield* P.rpcPeer({
        "access.readLog": () => Errors.ScopeRequired.of("access:read\u001b[31m"),
        "events.follow": () => Stream.fail(new Errors.SessionRevoked({ hint: "\u202egone", message: "gone\u0007" }))
      })
      const { rpc } = yield* connect(server)
      const lacking = yield* refused(rpc.access.readLog({ limit: 1 }))
      assert.isTrue(lacking._tag === "ScopeRequired" && lacking.required === "access:read[31m")
      const gone = yield* refused(Stream.runDrain(rpc.events.follow({})))
      assert.deepStrictEqual([gone._tag, gone.message, gone.hint], ["SessionRevoked", "gone", "gone"])
    }))

  it.scopedLive("fail as Unavailable where the server failed, one alone", () =>
    Effect.gen(function*() {
      const server = yield* P.rpcPeer({
        "access.readLog": () => Effect.delay(Effect.succeed({ items: [] }), "50 millis"),
        "access.listSessions": () => Effect.interrupt
      })
      const { rpc } = yield* connect(server)
      const page = yield* Effect.fork(rpc.access.readLog({ limit: 1 }))
      assert.strictEqual((yield* refused(rpc.session.whoAmI()))._tag, "Unavailable")
      assert.strictEqual((yield* refused(rpc.access.listSessions({ all: false, limit: 1 })))._tag, "Unavailable")
      assert.strictEqual((yield* refused(Stream.runDrain(rpc.events.follow({}))))._tag, "Unavailable")
      assert.deepStrictEqual((yield* Fiber.join(page)).items, [])
    }))

  it.scopedLive("all fail as Unavailable where the server does not say at which it failed", () =>
    Effect.gen(function*() {
      const server = yield* P.peer((message, socket) => {
        if (message._tag === "Request" && message.tag === "session.whoAmI") {
          P.send(socket, { _tag: "Defect", defect: { message: "SECRET" } })
        } else if (message._tag === "Request" && message.tag === "access.readLog") {
          P.send(socket, answer(message.id, { items: [] }))
        }
      })
      const { rpc } = yield* connect(server)
      const stream = yield* Effect.fork(refused(Stream.runDrain(rpc.events.follow({}))))
      yield* until(() => server.said.length === 1)
      assert.strictEqual((yield* refused(rpc.session.whoAmI()))._tag, "Unavailable")
      assert.strictEqual((yield* Fiber.join(stream))._tag, "Unavailable")
      assert.deepStrictEqual((yield* rpc.access.readLog({ limit: 1 })).items, [])
    }))

  it.scopedLive("leave out events of a kind that came later, and end at one of another shape", () =>
    Effect.gen(function*() {
      const server = yield* P.peer((message, socket) => {
        if (message._tag === "Request" && message.tag === "events.follow") {
          P.send(socket, { _tag: "Chunk", requestId: message.id, values: [T.position, { _tag: "Weather" }, T.project] })
        } else if (message._tag === "Ack") {
          P.send(socket, { _tag: "Chunk", requestId: message.requestId, values: [{ ...T.stopping, seq: "SECRET" }] })
        } else if (message._tag === "Request") P.send(socket, answer(message.id, identity))
      })
      const { rpc } = yield* connect(server)
      const tags: Array<string> = []
      const error = yield* refused(
        Stream.runForEach(rpc.events.follow({}), ({ _tag }) => Effect.sync(() => tags.push(_tag)))
      )
      assert.deepStrictEqual(tags, ["Position", "Project"])
      assert.strictEqual(error._tag, "Unreachable")
      assert.include(error.message, "its answer has another shape")
      yield* rpc.session.whoAmI()
      assert.include(server.said.join(), "\"_tag\":\"Interrupt\"")
    }))

  it.scopedLive("fail where the answer has another shape, and go on", () =>
    Effect.gen(function*() {
      let first = true
      const server = yield* P.peer((message, socket) => {
        if (message._tag !== "Request") return
        P.send(socket, answer(message.id, first ? { ...identity, session: { SECRET: true } } : identity))
        first = false
      })
      const { rpc } = yield* connect(server)
      const error = yield* refused(rpc.session.whoAmI())
      assert.deepStrictEqual([error._tag, error.message.includes("another shape")], ["Unreachable", true])
      assert.strictEqual((yield* rpc.session.whoAmI()).session.id, T.ids.session)
      assert.strictEqual((yield* refused(rpc.access.readLog({ limit: 1 })))._tag, "Unreachable")
    }))

  it.scopedLive("are not sent where they are malformed", () =>
    Effect.gen(function*() {
      const server = yield* P.peer()
      const { rpc } = yield* connect(server)
      const error = yield* refused(rpc.access.issuePairing({ label: "", role: "member", ttl: -5 }))
      assert.strictEqual(error._tag, "Invalid")
      assert.include(error.message, "ttl")
      const after = { seq: -1, stream: Ids.StreamId.make(T.stream) }
      assert.include((yield* refused(Stream.runDrain(rpc.events.follow({ after })))).message, "after.seq")
      assert.deepStrictEqual(server.said, [])
    }))

  it.scopedLive("that are given up are called off", () =>
    Effect.gen(function*() {
      const server = yield* P.peer((message, socket) => {
        if (message._tag === "Request" && message.tag === "events.follow") {
          P.send(socket, { _tag: "Chunk", requestId: message.id, values: [T.position] })
        }
      })
      const { rpc } = yield* connect(server)
      yield* Stream.runDrain(Stream.take(rpc.events.follow({}), 1))
      const call = yield* Effect.fork(rpc.session.whoAmI())
      yield* until(() => server.said.some((said) => said.includes("whoAmI")))
      yield* Fiber.interrupt(call)
      yield* until(() => server.said.filter((said) => said.includes("\"Interrupt\"")).length === 2)
    }))

  it.scoped("wait half a minute for an answer, streams for as long as it takes", () =>
    Effect.gen(function*() {
      const server = yield* P.peer((message, socket) => {
        if (message._tag === "Ping") P.send(socket, { _tag: "Pong" })
      })
      const { rpc } = yield* connect(server)
      const call = yield* Effect.fork(refused(rpc.session.whoAmI()))
      const stream = yield* Effect.fork(Stream.runDrain(rpc.events.follow({})))
      yield* until(() => server.said.length === 2)
      for (const beats of [1, 2, 3]) {
        assert.isTrue(Option.isNone(yield* Fiber.poll(call)))
        yield* TestClock.adjust("10 seconds")
        yield* until(() => server.said.filter((said) => said.includes("Ping")).length === beats)
        yield* until(() => true)
      }
      assert.include((yield* Fiber.join(call)).message, "did not answer within 30 seconds")
      assert.isTrue(Option.isNone(yield* Fiber.poll(stream)))
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
      const { closed, rpc } = yield* connect(server)
      const call = yield* Effect.fork(refused(rpc.session.whoAmI()))
      const stream = yield* Effect.fork(refused(Stream.runDrain(rpc.events.follow({}))))
      yield* until(() => server.said.length === 2)
      how(server)
      const reasons = [
        yield* refused(closed),
        yield* Fiber.join(call),
        yield* Fiber.join(stream),
        yield* refused(rpc.session.whoAmI()),
        yield* refused(Stream.runDrain(rpc.events.follow({})))
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
        P.send(socket, answer("999999", "SECRET"))
        P.send(socket, failed("999999", { _tag: "Fail", error: "SECRET" }))
        P.send(socket, { _tag: "Chunk", requestId: "999999", values: ["SECRET"] })
        P.send(socket, answer(message.id, identity))
      })
      const { rpc } = yield* connect(server)
      yield* rpc.session.whoAmI()
    }))

  it.scoped("comes when nothing was heard on two beats in a row", () =>
    Effect.gen(function*() {
      const server = yield* P.peer()
      const { closed } = yield* connect(server)
      const fiber = yield* Effect.fork(refused(closed))
      const isOpen = Effect.map(Fiber.poll(fiber), Option.isNone)
      const beat = (beats: number) =>
        Effect.zipRight(TestClock.adjust("10 seconds"), until(() => server.said.length === beats))
      yield* beat(1)
      yield* beat(2)
      assert.isTrue(yield* isOpen)
      // Not an answer to the question, but a sign of life.
      P.send(server.sockets[0], answer("999999"))
      yield* until(() => true)
      yield* Effect.sleep("50 millis").pipe(TestServices.provideLive)
      yield* beat(3)
      yield* beat(4)
      yield* TestClock.adjust("9 seconds")
      assert.isTrue(yield* isOpen)
      yield* TestClock.adjust("1 second")
      const error = yield* Fiber.join(fiber)
      assert.deepStrictEqual([error._tag, error.message], ["Unreachable", `${server.url} no longer answers.`])
      assert.deepStrictEqual(new Set(server.said), new Set(["{\"_tag\":\"Ping\"}"]))
      yield* until(() => server.sockets[0]?.readyState === 3)
    }))

  it.scopedLive("comes with the scope: the server is told, and all that is under way fails", () =>
    Effect.gen(function*() {
      const codes: Array<number> = []
      const server = yield* P.peer((_, socket) => socket.on("close", (code) => codes.push(code)))
      const scope = yield* Scope.make()
      const { closed, rpc } = yield* Scope.extend(connect(server), scope)
      const call = yield* Effect.fork(refused(rpc.session.whoAmI()))
      yield* until(() => server.said.length === 1)
      yield* Scope.close(scope, Exit.void)
      const error = yield* Fiber.join(call)
      assert.deepStrictEqual([error._tag, error.message.endsWith("was closed by this device.")], ["Unreachable", true])
      assert.strictEqual((yield* refused(closed)).message, error.message)
      assert.strictEqual((yield* refused(rpc.session.whoAmI())).message, error.message)
      yield* until(() => codes.length > 0)
      assert.deepStrictEqual(codes, [1000])
    }))
})
