import { assert, describe, it } from "@effect/vitest"
import { Errors, type Event, Ids, Session } from "@t3/protocol"
import { Chunk, DateTime, Effect, Fiber, Option, Schema, Stream, TestClock } from "effect"
import * as P from "../test/live.ts"
import * as T from "../test/server.ts"

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
      const { rpc } = yield* P.connect(server)
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
      const { rpc } = yield* P.connect(server)
      const after = { seq: 1000, stream: Ids.StreamId.make(T.stream) }
      const pull = yield* Stream.toPull(rpc.events.follow({ after }))
      yield* pull
      yield* Effect.sleep("100 millis")
      assert.isBelow(made, 50)
      const rest = yield* Stream.runCollect(Stream.take(rpc.events.follow({ after }), 1000))
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
      const { rpc } = yield* P.connect(server)
      const lacking = yield* P.refused(rpc.access.readLog({ limit: 1 }))
      assert.isTrue(lacking._tag === "ScopeRequired" && lacking.required === "access:read[31m")
      const gone = yield* P.refused(Stream.runDrain(rpc.events.follow({})))
      assert.deepStrictEqual([gone._tag, gone.message, gone.hint], ["SessionRevoked", "gone", "gone"])
    }))

  it.scopedLive("fail as Unavailable where the server failed, one alone", () =>
    Effect.gen(function*() {
      const server = yield* P.rpcPeer({
        "access.readLog": () => Effect.delay(Effect.succeed({ items: [] }), "50 millis"),
        "access.listSessions": () => Effect.interrupt
      })
      const { rpc } = yield* P.connect(server)
      const page = yield* Effect.fork(rpc.access.readLog({ limit: 1 }))
      assert.strictEqual((yield* P.refused(rpc.session.whoAmI()))._tag, "Unavailable")
      assert.strictEqual((yield* P.refused(rpc.access.listSessions({ all: false, limit: 1 })))._tag, "Unavailable")
      assert.strictEqual((yield* P.refused(Stream.runDrain(rpc.events.follow({}))))._tag, "Unavailable")
      assert.deepStrictEqual((yield* Fiber.join(page)).items, [])
    }))

  it.scopedLive("all fail as Unavailable where the server does not say at which it failed", () =>
    Effect.gen(function*() {
      const server = yield* P.peer((message, socket) => {
        if (message._tag === "Request" && message.tag === "session.whoAmI") {
          P.send(socket, { _tag: "Defect", defect: { message: "SECRET" } })
        } else if (message._tag === "Request" && message.tag === "access.readLog") {
          P.send(socket, P.answer(message.id, { items: [] }))
        }
      })
      const { rpc } = yield* P.connect(server)
      const stream = yield* Effect.fork(P.refused(Stream.runDrain(rpc.events.follow({}))))
      yield* P.until(() => server.said.length === 1)
      assert.strictEqual((yield* P.refused(rpc.session.whoAmI()))._tag, "Unavailable")
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
        } else if (message._tag === "Request") P.send(socket, P.answer(message.id, P.identity))
      })
      const { rpc } = yield* P.connect(server)
      const tags: Array<string> = []
      const error = yield* P.refused(
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
        P.send(socket, P.answer(message.id, first ? { ...P.identity, session: { SECRET: true } } : P.identity))
        first = false
      })
      const { rpc } = yield* P.connect(server)
      const error = yield* P.refused(rpc.session.whoAmI())
      assert.deepStrictEqual([error._tag, error.message.includes("another shape")], ["Unreachable", true])
      assert.strictEqual((yield* rpc.session.whoAmI()).session.id, T.ids.session)
      assert.strictEqual((yield* P.refused(rpc.access.readLog({ limit: 1 })))._tag, "Unreachable")
    }))

  it.scopedLive("are not sent where they are malformed", () =>
    Effect.gen(function*() {
      const server = yield* P.peer()
      const { rpc } = yield* P.connect(server)
      const error = yield* P.refused(rpc.access.issuePairing({ label: "", role: "member", ttl: -5 }))
      assert.strictEqual(error._tag, "Invalid")
      assert.include(error.message, "ttl")
      const after = { seq: -1, stream: Ids.StreamId.make(T.stream) }
      assert.include((yield* P.refused(Stream.runDrain(rpc.events.follow({ after })))).message, "after.seq")
      assert.deepStrictEqual(server.said, [])
    }))

  it.scopedLive("that are given up are called off", () =>
    Effect.gen(function*() {
      const server = yield* P.peer((message, socket) => {
        if (message._tag === "Request" && message.tag === "events.follow") {
          P.send(socket, { _tag: "Chunk", requestId: message.id, values: [T.position] })
        }
      })
      const { rpc } = yield* P.connect(server)
      yield* Stream.runDrain(Stream.take(rpc.events.follow({}), 1))
      const call = yield* Effect.fork(rpc.session.whoAmI())
      yield* P.until(() => server.said.some((said) => said.includes("whoAmI")))
      yield* Fiber.interrupt(call)
      yield* P.until(() => server.said.filter((said) => said.includes("\"Interrupt\"")).length === 2)
    }))

  it.scoped("wait half a minute for an answer, streams for as long as it takes", () =>
    Effect.gen(function*() {
      const server = yield* P.peer((message, socket) => {
        if (message._tag === "Ping") P.send(socket, { _tag: "Pong" })
      })
      const { rpc } = yield* P.connect(server)
      const call = yield* Effect.fork(P.refused(rpc.session.whoAmI()))
      const stream = yield* Effect.fork(Stream.runDrain(rpc.events.follow({})))
      yield* P.until(() => server.said.length === 2)
      for (const beats of [1, 2, 3]) {
        assert.isTrue(Option.isNone(yield* Fiber.poll(call)))
        yield* TestClock.adjust("10 seconds")
        yield* P.until(() => server.said.filter((said) => said.includes("Ping")).length === beats)
        yield* P.until(() => true)
      }
      assert.include((yield* Fiber.join(call)).message, "did not answer within 30 seconds")
      assert.isTrue(Option.isNone(yield* Fiber.poll(stream)))
    }))
})
