import { assert, layer } from "@effect/vitest"
import { closeCode } from "@t3/protocol/LiveConnection"
import { Effect, Fiber } from "effect"
import { bearer, call } from "../../test/api.ts"
import { connections } from "../../test/control.ts"
import { connect, outcome } from "../../test/live.ts"
import { until, untilEffect } from "../../test/until.ts"
import { BaseDir, baseUrl, layerMachine } from "../../test/withServer.ts"

const open = Effect.gen(function*() {
  return yield* connect(yield* baseUrl, yield* bearer())
})

const request = (more: object) => ({
  _tag: "Request",
  headers: [],
  id: "1",
  payload: {},
  tag: "session.whoAmI",
  ...more
})

const withoutId = { _tag: "Request", headers: [], payload: {}, tag: "session.whoAmI" }

layer(layerMachine(), { excludeTestServices: true })("a live connection", (it) => {
  for (
    const [name, sent] of [
      ["what is no JSON", "{"],
      ["nothing", ""],
      ["JSON that is no message", "null"],
      ["several messages at once", [request({}), request({ id: "2" })]],
      ["a message of an unknown kind", { _tag: "Bye" }],
      ["a message of the server", { _tag: "Exit", exit: {}, requestId: "1" }],
      ["an end that has no meaning here", { _tag: "Eof" }],
      ["a call without an id", withoutId],
      ["an id that is a number", request({ id: 1 })],
      ["an id that is none", request({ id: "one" })],
      ["an id below zero", request({ id: "-1" })],
      ["an id that could be written shorter", request({ id: "01" })],
      ["an id without end", request({ id: "1".repeat(30_000) })],
      ["an acknowledgement of nothing", { _tag: "Ack" }],
      ["an acknowledgement of no id", { _tag: "Ack", requestId: "x" }],
      ["an interruption of nothing", { _tag: "Interrupt" }],
      ["an interruption of a number", { _tag: "Interrupt", requestId: 1 }]
    ] satisfies ReadonlyArray<[string, object | string]>
  ) {
    it.scoped(`is closed for ${name}`, () =>
      Effect.gen(function*() {
        const live = yield* open
        live.send(sent)
        assert.strictEqual(yield* live.closed, "1007 Invalid")
        assert.deepStrictEqual(live.messages, [])
      }))
  }

  it.scoped("is closed for the id of a call that is under way", () =>
    Effect.gen(function*() {
      const live = yield* open
      const { id } = yield* live.follow()
      live.send(request({ id, tag: "no.such" }))
      assert.strictEqual(yield* live.closed, "1007 Invalid")
    }))

  it.scoped("takes an id again once its call is answered", () =>
    Effect.gen(function*() {
      const live = yield* open
      const answers = () => live.messages.map(outcome)
      live.send(request({}))
      yield* until("the first is answered", () => answers().length === 1)
      live.send(request({}))
      yield* until("the second is answered", () => answers().length === 2)
      assert.deepStrictEqual(answers(), ["Success", "Success"])
    }))

  it.scoped("answers a call that does not exist or does not fit, and the others go on", () =>
    Effect.gen(function*() {
      const live = yield* open
      const { id } = yield* live.follow()
      for (const tag of ["session.whoareyou", "", "toString", "__proto__", 7, null, undefined]) {
        assert.strictEqual(outcome(yield* live.call("", {}, { tag })), "Die", String(tag))
      }
      assert.strictEqual(outcome(yield* live.call("access.renameSession", { id: "../..", label: 1 })), "Invalid")
      assert.strictEqual(outcome(yield* live.call("access.listSessions", "text")), "Invalid")
      assert.strictEqual(outcome(yield* live.call("session.whoAmI")), "Success")
      assert.isFalse(live.messages.some((message) => message._tag === "Defect" || outcome(message) === id))
      assert.strictEqual(live.end(), "")
    }))

  it.scoped("has no end of calls that do not exist", () =>
    Effect.gen(function*() {
      const live = yield* open
      for (let count = 0; count < 300; count++) live.start("no.such")
      assert.strictEqual(outcome(yield* live.call("session.whoAmI")), "Success")
    }))

  it.scoped("takes no notice of what belongs to no call", () =>
    Effect.gen(function*() {
      const live = yield* open
      for (const _tag of ["Ack", "Interrupt"]) live.send({ _tag, requestId: "77" })
      assert.strictEqual(outcome(yield* live.call("session.whoAmI")), "Success")
      assert.lengthOf(live.messages, 1)
    }))

  it.scoped("answers a ping of either kind", () =>
    Effect.gen(function*() {
      const live = yield* open
      let pongs = 0
      live.ws.on("pong", () => pongs++)
      live.ws.ping()
      live.send({ _tag: "Ping" })
      yield* until("both are answered", () => pongs === 1 && live.messages.length === 1)
      assert.deepStrictEqual<unknown>(live.messages, [{ _tag: "Pong" }])
    }))

  it.scoped("ends a stream when it is told to", () =>
    Effect.gen(function*() {
      const live = yield* open
      const { id } = yield* live.follow()
      live.send({ _tag: "Interrupt", requestId: id })
      const { exit } = yield* live.answer(id)
      assert.include(JSON.stringify(exit), "\"Interrupt\"")
    }))

  it.scoped("takes a hundred calls at once, and is closed for one more", () =>
    Effect.gen(function*() {
      const live = yield* open
      for (let count = 0; count < 100; count++) live.start("events.follow")
      yield* until("all of them run", () => live.messages.length === 100)
      assert.strictEqual(live.end(), "")
      live.start("session.whoAmI")
      assert.strictEqual(yield* live.closed, `${closeCode.overloaded} TooManyCalls`)
      assert.isFalse(live.messages.some((message) => message._tag === "Exit"))
    }))

  it.scoped("takes 64 KiB, and is closed for more", () =>
    Effect.gen(function*() {
      const live = yield* open
      const padded = (length: number) =>
        JSON.stringify({ ...request({}), pad: "" }).replace(/"\}$/, `${"x".repeat(length)}"}`)
      const most = 64 * 1024 - padded(0).length
      live.send(padded(most))
      assert.strictEqual(outcome(yield* live.answer("1")), "Success")
      live.send(padded(most + 1))
      assert.match(yield* live.closed, /^1009/)
    }))

  it.scoped("takes a message in a binary frame for what it says, or closes", () =>
    Effect.gen(function*() {
      const live = yield* open
      live.ws.send(Buffer.from(JSON.stringify(request({}))))
      yield* until("it is answered", () => live.messages.length === 1 || live.end() !== "")
      live.ws.send(Buffer.from([0xff, 0x00, 0xfe]))
      assert.match(yield* live.closed, /^100[37]/)
    }))

  it.effect("leaves nothing behind, whatever was sent over it", () =>
    Effect.gen(function*() {
      const baseDir = yield* BaseDir
      const running = Effect.map(Fiber.roots, (fibers) => Array.from(fibers).length)
      yield* untilEffect("none is connected", Effect.map(connections(baseDir), (count) => count === 0))
      const before = yield* running
      yield* Effect.scoped(Effect.gen(function*() {
        const lives = yield* Effect.replicateEffect(open, 20)
        for (const live of lives) yield* live.follow()
        assert.strictEqual(yield* connections(baseDir), 20)
        lives.forEach((live, index) => index % 2 === 0 ? live.ws.terminate() : live.send("{"))
        yield* untilEffect("none is connected", Effect.map(connections(baseDir), (count) => count === 0))
      }))
      yield* untilEffect("no fiber is left", Effect.map(running, (now) => now <= before + 2))
      assert.strictEqual((yield* call("/health")).status, 200)
    }))
})
