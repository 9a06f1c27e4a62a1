/**
 * The event stream: what happens, numbered within one start of the server, kept for those who come back.
 *
 * @since 0.1.0
 */
import { AccessLog } from "@t3/auth-core/AccessLog"
import { Connections } from "@t3/auth-core/Connections"
import { Secret } from "@t3/auth-core/Secret"
import type { ConnectionString } from "@t3/protocol/ConnectionString"
import type { Event, EventItem, FollowRequest } from "@t3/protocol/Event"
import { StreamId } from "@t3/protocol/Ids"
import * as Chunk from "effect/Chunk"
import * as Context from "effect/Context"
import * as DateTime from "effect/DateTime"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as FiberId from "effect/FiberId"
import * as Layer from "effect/Layer"
import * as Schedule from "effect/Schedule"
import * as Stream from "effect/Stream"

/** Events that are kept for a listener that was away. */
const kept = 1000

/** Events that a listener is handed at once. */
const batch = 100

type Unnumbered<E> = E extends Event ? Omit<E, "seq" | "at"> : never

/** An event as it is handed in. */
export type NewEvent = Unnumbered<Event>

export class Events extends Context.Tag("@t3/server/Events")<Events, {
  readonly publish: (event: NewEvent) => Effect.Effect<void>
  /** Tells of the addresses that are being shown, if they are others than the last time. */
  readonly endpointsShown: (endpoints: ReadonlyArray<ConnectionString>) => Effect.Effect<void>
  /** The stream as one listener sees it; begins with where it stands, and ends with the server. A slow listener keeps nothing. */
  readonly follow: (request: FollowRequest, sees: (event: Event) => boolean) => Stream.Stream<EventItem>
}>() {
  /** Tells what the log records and which devices come and go, beside what is published. */
  static readonly layer: Layer.Layer<Events, never, AccessLog | Connections | Secret> = Layer.scoped(
    this,
    Effect.gen(function*() {
      const log = yield* AccessLog
      const connections = yield* Connections
      const events = makeBuffer(StreamId.make(yield* (yield* Secret).id))
      const relay = <A>(stream: Stream.Stream<A>, toEvent: (item: A) => NewEvent) =>
        Stream.runForEach(stream, (item) => events.publish(toEvent(item))).pipe(
          Effect.interruptible,
          Effect.forkScoped
        )
      let last = yield* Effect.orElseSucceed(log.latest, () => 0)
      const entries = Stream.suspend(() => log.follow(last)).pipe(
        Stream.tap(({ seq }) => Effect.sync(() => last = seq)),
        // A disk that does not answer for a while, which the store has logged, must not end the news.
        Stream.retry(Schedule.spaced("1 second")),
        Stream.orDie
      )
      yield* relay(entries, (entry) => ({ _tag: "Access", entry }))
      yield* relay(connections.changes, (change) => ({ _tag: "Connection", ...change }))
      return Events.of(events)
    })
  )
}

const makeBuffer = (stream: StreamId): typeof Events.Service => {
  const events: Array<Event> = []
  let head = 0
  let told: string | undefined
  let next = Deferred.unsafeMake<void>(FiberId.none)

  const publish = (event: NewEvent) =>
    Effect.map(DateTime.now, (at) => {
      head += 1
      events.push({ ...event, at, seq: head })
      if (events.length > kept) events.shift()
      const now = next
      next = Deferred.unsafeMake(FiberId.none)
      Deferred.unsafeDone(now, Effect.void)
    })

  const isKept = (seq: number): boolean => seq >= head - events.length && seq <= head

  const position = (seq: number, reload: boolean): EventItem => ({ _tag: "Position", reload, seq, stream })

  /** What comes after `seq`, at most a batch: its last number and what the listener sees of it. */
  const after = (seq: number, sees: (event: Event) => boolean) => {
    const from = events.length - (head - seq)
    const part = events.slice(from, from + batch)
    return { last: seq + part.length, seen: part.filter(sees) }
  }

  return {
    publish,
    endpointsShown: (endpoints) =>
      Effect.suspend(() => {
        const before = told
        told = endpoints.join("\n")
        return before === undefined || before === told ? Effect.void : publish({ _tag: "Endpoints", endpoints })
      }),
    follow: (request, sees) =>
      Stream.suspend(() => {
        const resumes = request.after?.stream === stream && isKept(request.after.seq)
        let last = resumes ? request.after?.seq ?? head : head
        const first = position(last, request.after !== undefined && !resumes)
        const more = Effect.gen(function*() {
          while (true) {
            const coming = next
            if (!isKept(last)) {
              last = head
              return Chunk.of(position(last, true))
            }
            const found = after(last, sees)
            last = found.last
            if (found.seen.length > 0) return Chunk.unsafeFromArray<EventItem>(found.seen)
            if (last === head) yield* Deferred.await(coming)
          }
        })
        // Whoever comes when the end was told already hears of it, too.
        const end = events.at(-1)
        const rest = end?._tag === "Stopping" ? Stream.succeed(end) : Stream.repeatEffectChunk(more)
        return Stream.concat(Stream.succeed(first), rest).pipe(Stream.takeUntil((item) => item._tag === "Stopping"))
      })
  }
}
