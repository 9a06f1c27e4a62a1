import { assert, describe, it } from "@effect/vitest"
import { AccessLog } from "@t3/auth-core/AccessLog"
import { Connections } from "@t3/auth-core/Connections"
import { Secret } from "@t3/auth-core/Secret"
import { ConnectionString } from "@t3/protocol/ConnectionString"
import type { Event, EventItem, FollowRequest } from "@t3/protocol/Event"
import { StreamId } from "@t3/protocol/Ids"
import { Chunk, Effect, Fiber, Layer, Queue, Schema, type Scope, Stream } from "effect"
import { Events } from "./Events.ts"

/** The stream with nothing behind it but what is published. */
const layerAlone = Events.layer.pipe(
  Layer.provide([
    Layer.mock(AccessLog, { follow: () => Stream.never, latest: Effect.succeed(0), writes: () => 0 }),
    Layer.mock(Connections, { changes: Stream.never, count: () => 0 }),
    Secret.layer
  ])
)

const all = () => true

const project = (title: string) =>
  Effect.flatMap(
    Events,
    (events) => events.publish({ _tag: "Project", change: "added", project: { id: title, path: `/${title}`, title } })
  )

/** Publishes `count` of them, named by their number. */
const publish = (count: number, from = 1) =>
  Effect.forEach(Array.from({ length: count }, (_, index) => from + index), (number) => project(String(number)), {
    discard: true
  })

/** A listener that takes an item when it is asked to; the stream waits as long. */
const listen = (request: FollowRequest = {}, sees: (event: Event) => boolean = all) =>
  Effect.gen(function*() {
    const items = yield* Queue.bounded<EventItem>(1)
    const events = yield* Events
    yield* Effect.forkScoped(Stream.runForEach(events.follow(request, sees), (item) => Queue.offer(items, item)))
    const next = Queue.take(items)
    return { next, take: (count: number) => Effect.replicateEffect(next, count) }
  })

const positionOf = (item: EventItem) => {
  if (item._tag !== "Position") return assert.fail(`not a position: ${item._tag}`)
  return item
}

const titleOf = (item: EventItem) => item._tag === "Project" ? item.project.title : item._tag

const numbers = (items: ReadonlyArray<EventItem>) => items.map((item) => item.seq)

const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, index) => from + index)

const test = (name: string, body: Effect.Effect<void, never, Events | Scope.Scope>) =>
  it.scopedLive(name, () => Effect.provide(body, layerAlone))

describe("the event stream", () => {
  test(
    "begins with where it stands, and goes on with each event in its order, numbered without a gap",
    Effect.gen(function*() {
      yield* publish(3)
      const { next, take } = yield* listen()
      const { reload, seq } = positionOf(yield* next)
      assert.deepStrictEqual([seq, reload], [3, false])
      yield* publish(250, 4)
      const items = yield* take(250)
      assert.deepStrictEqual(numbers(items), range(4, 253))
      assert.deepStrictEqual(items.map(titleOf), range(4, 253).map(String))
    })
  )

  test(
    "goes on after a number with exactly what was missed",
    Effect.gen(function*() {
      const { stream } = positionOf(yield* (yield* listen()).next)
      yield* publish(300)
      for (const seq of [0, 1, 99, 100, 101, 299, 300]) {
        const { next, take } = yield* listen({ after: { seq, stream } })
        const position = positionOf(yield* next)
        assert.deepStrictEqual([position.seq, position.reload], [seq, false])
        assert.deepStrictEqual(numbers(yield* take(300 - seq)), seq === 300 ? [] : range(seq + 1, 300))
      }
    })
  )

  test(
    "says to reload where the number is of another start, was never reached, or is too old",
    Effect.gen(function*() {
      const { stream } = positionOf(yield* (yield* listen()).next)
      yield* publish(1001)
      const other = StreamId.make(stream === "0".repeat(12) ? "1".repeat(12) : "0".repeat(12))
      for (
        const [after, seq, reload] of [
          [{ seq: 1001, stream: other }, 1001, true],
          [{ seq: 0, stream: other }, 1001, true],
          [{ seq: 1002, stream }, 1001, true],
          [{ seq: 0, stream }, 1001, true],
          [{ seq: 1, stream }, 1, false],
          [{ seq: 1001, stream }, 1001, false]
        ] as const
      ) {
        const position = positionOf(yield* (yield* listen({ after })).next)
        assert.deepStrictEqual([position.seq, position.reload, position.stream], [seq, reload, stream])
      }
    })
  )

  test(
    "loses nothing for one that is slow, and tells one that is too slow to reload",
    Effect.gen(function*() {
      const slow = yield* listen()
      const slower = yield* listen()
      positionOf(yield* slow.next)
      positionOf(yield* slower.next)
      yield* publish(900)
      assert.deepStrictEqual(numbers(yield* slow.take(900)), range(1, 900))
      yield* publish(900, 901)
      assert.deepStrictEqual(numbers(yield* slow.take(900)), range(901, 1800))
      // What it was handed before it fell behind comes first, then the one position, then what is new.
      const before: Array<EventItem> = []
      let item = yield* slower.next
      while (item._tag !== "Position") {
        before.push(item)
        item = yield* slower.next
      }
      assert.deepStrictEqual(numbers(before), range(1, before.length))
      assert.isAtMost(before.length, 100)
      assert.deepStrictEqual([item.seq, item.reload], [1800, true])
      yield* publish(2, 1801)
      assert.deepStrictEqual(numbers(yield* slower.take(2)), [1801, 1802])
    })
  )

  test(
    "leaves out what a listener may not see, and finds what it may among any number of those",
    Effect.gen(function*() {
      const { next, take } = yield* listen({}, (event) => event._tag === "Project" && event.seq % 200 === 0)
      positionOf(yield* next)
      yield* publish(650)
      assert.deepStrictEqual(numbers(yield* take(3)), [200, 400, 600])
    })
  )

  test(
    "tells of addresses only when they have changed since they were last shown",
    Effect.gen(function*() {
      const events = yield* Events
      const shown = (...hosts: ReadonlyArray<string>) =>
        events.endpointsShown(hosts.map((host) => Schema.decodeSync(ConnectionString)(`http://${host}:3773`)))
      const { next, take } = yield* listen()
      positionOf(yield* next)
      yield* shown("192.0.2.1")
      yield* shown("192.0.2.1")
      yield* shown("192.0.2.1", "192.0.2.2")
      yield* shown("192.0.2.1", "192.0.2.2")
      yield* shown()
      const told = (yield* take(2)).map((item) => item._tag === "Endpoints" ? item.endpoints.length : item._tag)
      assert.deepStrictEqual(told, [2, 0])
      yield* project("last")
      assert.strictEqual(titleOf(yield* next), "last")
    })
  )

  test(
    "ends with the news of the end of the server",
    Effect.gen(function*() {
      const events = yield* Events
      const following = yield* Effect.fork(Stream.runCollect(events.follow({}, all)))
      yield* Effect.sleep("10 millis")
      yield* project("last")
      yield* events.publish({ _tag: "Stopping" })
      const items = Chunk.toReadonlyArray(yield* Fiber.join(following))
      assert.deepStrictEqual(items.map(titleOf), ["Position", "last", "Stopping"])
    })
  )
})
