/**
 * What every session has open at this moment: sockets, streams and requests. Whoever ends a session ends them all, and
 * waits until nothing more is written to any of them.
 *
 * @since 0.1.0
 */
import { SessionExpired, type SessionRefusal, SessionRevoked, type Unavailable } from "@t3/protocol/Errors"
import type { SessionId } from "@t3/protocol/Ids"
import type { LogDevice } from "@t3/protocol/LogEntry"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as FiberRef from "effect/FiberRef"
import { globalValue } from "effect/GlobalValue"
import * as Layer from "effect/Layer"
import * as PubSub from "effect/PubSub"
import * as Stream from "effect/Stream"
import { SessionMemory } from "./internal/SessionMemory.ts"
import { deviceOf, isOver } from "./internal/SessionRow.ts"

/** Why a connection is ended: its session has, or (`Unavailable`) it is to come again. */
export type Ending = SessionRefusal | Unavailable

/** A socket, a stream, or a request that is being answered. */
export interface Connection {
  /** Whether it stays for as long as the device likes: a socket or a stream, and not a request. */
  readonly lasting: boolean
  /** Ends it. When this completes, in bounded time, nothing more is written to it. */
  readonly end: (reason: Ending) => Effect.Effect<void>
}

/** The connection that a call came in by, and how it ends itself: after its answer. */
export interface Own {
  readonly connection: Connection
  readonly finish: (reason: Ending) => Effect.Effect<void>
}

/** Set by whoever handles calls, so that one who ends its own session still gets its answer. */
export const currentConnection: FiberRef.FiberRef<Own | undefined> = globalValue(
  "@t3/auth-core/currentConnection",
  () => FiberRef.unsafeMake<Own | undefined>(undefined)
)

/** A session's lasting connections have become more or fewer. */
export interface Change {
  readonly sessionId: SessionId
  readonly device: LogDevice
  readonly connections: number
}

const isLasting = (connection: Connection): boolean => connection.lasting

const lasting = (open: ReadonlySet<Connection> | undefined): number =>
  open === undefined ? 0 : Array.from(open).filter(isLasting).length

/** One that cannot be ended spares none of the others. */
const atOnce = (all: ReadonlyArray<Connection>, end: (connection: Connection) => Effect.Effect<void>) =>
  Effect.forEach(
    all,
    (connection) =>
      Effect.catchAllCause(end(connection), (cause) => Effect.logError("A connection could not be ended", cause)),
    { concurrency: "unbounded", discard: true }
  )

export class Connections extends Context.Tag("@t3/auth-core/Connections")<Connections, {
  /** Notes a connection of a session that lives at this moment, and gives what to call when it is gone. */
  readonly open: (id: SessionId, connection: Connection) => Effect.Effect<() => void, SessionRefusal>
  /** Ends all that these sessions have open, at once, and gives how many of them were lasting. */
  readonly cut: (ids: ReadonlyArray<SessionId>, reason: Ending) => Effect.Effect<number>
  /** Ends every lasting connection there is. */
  readonly cutAll: (reason: Ending) => Effect.Effect<void>
  /** How many lasting connections a session has. */
  readonly count: (id: SessionId) => number
  /** How many there are in all. */
  readonly total: Effect.Effect<number>
  readonly changes: Stream.Stream<Change>
}>() {
  /** Requires the memory of the session stores, which says who lives. */
  static readonly layer: Layer.Layer<Connections, never, SessionMemory> = Layer.scoped(
    this,
    Effect.gen(function*() {
      const memory = yield* SessionMemory
      const changes = yield* Effect.acquireRelease(PubSub.unbounded<Change>(), PubSub.shutdown)
      const bySession = new Map<SessionId, Set<Connection>>()

      const tell = (sessionId: SessionId, connection: Connection): void => {
        const row = memory.get(sessionId)
        if (!connection.lasting || row === undefined) return
        changes.unsafeOffer({ connections: lasting(bySession.get(sessionId)), device: deviceOf(row), sessionId })
      }

      const remove = (id: SessionId, connection: Connection): void => {
        const open = bySession.get(id)
        if (open?.delete(connection) !== true) return
        if (open.size === 0) bySession.delete(id)
        tell(id, connection)
      }

      const add = (id: SessionId, connection: Connection): () => void => {
        const open = bySession.get(id) ?? new Set()
        bySession.set(id, open.add(connection))
        tell(id, connection)
        return () => remove(id, connection)
      }

      return Connections.of({
        changes: Stream.fromPubSub(changes),
        count: (id) => lasting(bySession.get(id)),
        cut: (ids, reason) =>
          Effect.flatMap(FiberRef.get(currentConnection), (own) => {
            const all = ids.flatMap((id) => Array.from(bySession.get(id) ?? []))
            return Effect.as(
              atOnce(all, (connection) => connection === own?.connection ? own.finish(reason) : connection.end(reason)),
              all.filter(isLasting).length
            )
          }),
        cutAll: (reason) =>
          Effect.suspend(() =>
            atOnce(
              Array.from(bySession.values(), (open) => Array.from(open)).flat().filter(isLasting),
              (connection) => connection.end(reason)
            )
          ),
        // One step from the look to the note, so that no end comes between them.
        open: (id, connection) =>
          Effect.flatMap(Clock.currentTimeMillis, (now): Effect.Effect<() => void, SessionRefusal> => {
            const row = memory.get(id)
            if (row === undefined || row.revoked_at !== null) return new SessionRevoked()
            return isOver(row, now) ? new SessionExpired() : Effect.succeed(add(id, connection))
          }),
        total: Effect.sync(() => Array.from(bySession.values(), lasting).reduce((sum, count) => sum + count, 0))
      })
    })
  )
}
