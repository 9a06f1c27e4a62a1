import { assert, describe, it } from "@effect/vitest"
import { SessionRevoked, Unavailable } from "@t3/protocol/Errors"
import { DeviceId, SessionId } from "@t3/protocol/Ids"
import { Chunk, Deferred, Effect, Fiber, Layer, Stream, TestClock } from "effect"
import { sessionRow } from "../test/Rows.ts"
import { pair, refusal, settle, startup, test, verify } from "../test/Stores.ts"
import { connect, makeConnection } from "../test/TestConnection.ts"
import { Connections, currentConnection } from "./Connections.ts"
import { SessionMemory } from "./internal/SessionMemory.ts"
import { SessionStore } from "./SessionStore.ts"

const layerMemory = Layer.provideMerge(Connections.layer, SessionMemory.layer)

const one = SessionId.make("000000000001")
const two = SessionId.make("000000000002")
const device = { id: DeviceId.make("00000000000d"), kind: "phone", label: "Léa’s phone" } as const

/** Two sessions that live for a second. */
const known = Effect.map(SessionMemory, (memory) => {
  const row = sessionRow({ device_id: device.id, device_kind: device.kind, device_label: device.label })
  memory.set({ ...row, id: one })
  memory.set({ ...row, id: two })
  return memory
})

const alone = <A, E>(name: string, self: () => Effect.Effect<A, E, Connections | SessionMemory>) =>
  it.effect(name, () => Effect.provide(Effect.suspend(self), layerMemory))

describe("A connection", () => {
  alone("is counted under its session until it is gone", () =>
    Effect.gen(function*() {
      yield* known
      const connections = yield* Connections
      const first = yield* connect(one)
      const second = yield* connect(one)
      yield* connect(two)
      assert.deepStrictEqual([connections.count(one), connections.count(two), yield* connections.total], [2, 1, 3])
      first.close()
      first.close()
      assert.deepStrictEqual([connections.count(one), connections.count(two), yield* connections.total], [1, 1, 2])
      second.close()
      assert.deepStrictEqual([connections.count(one), connections.count(two), yield* connections.total], [0, 1, 1])
    }))

  alone("that is a request is not counted", () =>
    Effect.gen(function*() {
      yield* known
      const connections = yield* Connections
      yield* connect(one, false)
      assert.deepStrictEqual([connections.count(one), yield* connections.total], [0, 0])
    }))

  alone("is refused to a session that was revoked, and to one that nobody knows", () =>
    Effect.gen(function*() {
      const memory = yield* known
      memory.set(sessionRow({ id: one, revoked_at: 0 }))
      assert.strictEqual(yield* refusal(connect(one)), "SessionRevoked")
      assert.strictEqual(yield* refusal(connect(SessionId.make("00000000000z"))), "SessionRevoked")
      assert.strictEqual(yield* (yield* Connections).total, 0)
    }))

  alone("is refused from the moment on at which the session expires", () =>
    Effect.gen(function*() {
      yield* known
      yield* TestClock.adjust("999 millis")
      yield* connect(one)
      yield* TestClock.adjust("1 millis")
      assert.strictEqual(yield* refusal(connect(one)), "SessionExpired")
    }))

  alone("is refused to a session whose end was recorded, also when the clock goes back", () =>
    Effect.gen(function*() {
      const memory = yield* known
      memory.set(sessionRow({ expired_at: 500, id: one }))
      assert.strictEqual(yield* refusal(connect(one)), "SessionExpired")
    }))

  test("and the end of its session at once: it is refused, or it is ended", () =>
    Effect.gen(function*() {
      const sessions = yield* SessionStore
      /** Whether a connection came in time that is opened so many steps after the revocation began. */
      const race = (steps: number, ops: number) =>
        Effect.gen(function*() {
          const { secrets, session } = yield* pair()
          yield* verify(secrets)
          const revoked = yield* Effect.fork(sessions.revoke(startup, session.id))
          yield* Effect.repeatN(Effect.yieldNow(), steps)
          const opened = yield* Effect.either(connect(session.id))
          const { connectionsClosed } = yield* Fiber.join(revoked)
          const outcome = opened._tag === "Left" ? opened.left._tag : opened.right.ended.join()
          assert.strictEqual(outcome, "SessionRevoked", `after ${steps} steps of ${ops}`)
          assert.strictEqual(connectionsClosed, opened._tag === "Left" ? 0 : 1)
          return opened._tag === "Right"
        }).pipe(Effect.withMaxOpsBeforeYield(ops))
      for (const ops of [19, 23, 29, 31]) {
        // Roughly where the one becomes the other, and then each step around it.
        let steps = 0
        while (yield* race(steps, ops)) steps += 8
        for (let near = steps - 16; near < steps + 4; near += 1) yield* race(near, ops)
      }
      assert.strictEqual(yield* (yield* Connections).total, 0)
    }))
})

describe("Ending what sessions have open", () => {
  alone("ends all of it at once, waits for all of it, and counts what was lasting", () =>
    Effect.gen(function*() {
      yield* known
      const connections = yield* Connections
      const begun = new Set<number>()
      const mayEnd = yield* Deferred.make<void>()
      const open = yield* Effect.forEach([true, true, false, true], (lasting, index) =>
        connect(index === 3 ? two : one, lasting, () =>
          Effect.zipRight(
            Effect.sync(() =>
              begun.add(index)
            ),
            Deferred.await(mayEnd)
          )))
      const cut = yield* Effect.fork(connections.cut([one, two], new SessionRevoked()))
      yield* settle
      assert.deepStrictEqual(Array.from(begun), [0, 1, 2, 3])
      assert.isNull(
        yield* Fiber.poll(cut).pipe(Effect.map((exit) => exit._tag === "None" ? null : exit.value))
      )
      yield* Deferred.succeed(mayEnd, undefined)
      assert.strictEqual(yield* Fiber.join(cut), 3)
      assert.deepStrictEqual(open.map((it) => it.ended), Array.from(open, () => ["SessionRevoked"]))
      assert.strictEqual(yield* connections.total, 0)
    }))

  alone("leaves other sessions alone", () =>
    Effect.gen(function*() {
      yield* known
      const connections = yield* Connections
      const other = yield* connect(two)
      assert.strictEqual(yield* connections.cut([one, SessionId.make("00000000000z")], new SessionRevoked()), 0)
      assert.deepStrictEqual([other.ended, connections.count(two)], [[], 1])
    }))

  alone("lets the connection that the call came in by finish, and ends the others", () =>
    Effect.gen(function*() {
      yield* known
      const connections = yield* Connections
      const finished: Array<string> = []
      const own = makeConnection()
      yield* connections.open(one, own)
      const other = yield* connect(one)
      const count = yield* connections.cut([one], new SessionRevoked()).pipe(
        Effect.locally(currentConnection, {
          connection: own,
          finish: (reason) => Effect.sync(() => finished.push(reason._tag))
        })
      )
      assert.deepStrictEqual([own.ended, finished, other.ended], [[], ["SessionRevoked"], ["SessionRevoked"]])
      assert.strictEqual(count, 2)
    }))

  alone("goes on where one of them cannot be ended", () =>
    Effect.gen(function*() {
      yield* known
      const connections = yield* Connections
      const slow = () => Effect.repeatN(Effect.yieldNow(), 20)
      const before = yield* connect(one, true, slow)
      yield* connect(one, true, () => Effect.die("socket hang up"))
      const after = yield* connect(one, true, slow)
      assert.strictEqual(yield* connections.cut([one], new SessionRevoked()), 3)
      assert.deepStrictEqual([before.ended, after.ended], [["SessionRevoked"], ["SessionRevoked"]])
    }))

  alone("can be for all there are, but for requests that are being answered", () =>
    Effect.gen(function*() {
      yield* known
      const connections = yield* Connections
      const open = yield* Effect.forEach([one, two], (id) => connect(id))
      const request = yield* connect(one, false)
      yield* connections.cutAll(new Unavailable())
      assert.deepStrictEqual(open.map((it) => it.ended), [["Unavailable"], ["Unavailable"]])
      assert.deepStrictEqual(request.ended, [])
      assert.strictEqual(yield* connections.total, 0)
    }))
})

describe("Changes of what is open", () => {
  alone("are told for what is lasting, with the device and the count", () =>
    Effect.gen(function*() {
      yield* known
      const connections = yield* Connections
      const heard = yield* Effect.fork(Stream.runCollect(Stream.take(connections.changes, 5)))
      yield* settle
      const first = yield* connect(one)
      ;(yield* connect(one, false)).close()
      const second = yield* connect(one)
      yield* connect(two)
      first.close()
      first.close()
      yield* second.end(new Unavailable())
      const changes = Chunk.toReadonlyArray(yield* Fiber.join(heard))
      assert.deepStrictEqual(changes.map((it) => [it.sessionId, it.connections]), [
        [one, 1],
        [one, 2],
        [two, 1],
        [one, 1],
        [one, 0]
      ])
      for (const change of changes) assert.deepStrictEqual(change.device, device)
    }))
})
