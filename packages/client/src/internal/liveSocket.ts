/**
 * One WebSocket from its opening to its end, of which everybody learns the same reason.
 *
 * @since 0.1.0
 */
import * as Socket from "@effect/platform/Socket"
import type { Refusal } from "@t3/protocol/Errors"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type * as Scope from "effect/Scope"
import * as Heartbeat from "./heartbeat.ts"
import * as End from "./liveEnd.ts"

/** An open one. */
export interface LiveSocket {
  /** Fails with the reason as soon as it has ended. */
  readonly closed: Effect.Effect<never, Refusal>
  /** Fails with the reason if it has ended. */
  readonly stillOpen: Effect.Effect<void, Refusal>
  readonly write: (frame: string) => Effect.Effect<void, Refusal>
  /** Tells everybody that it has ended; it closes with its scope. */
  readonly end: (reason: Refusal) => Effect.Effect<void>
}

export interface Options {
  readonly address: string
  readonly socket: Socket.Socket
  /** What the peer answers at once, whatever it is doing. */
  readonly ping: string
  /** Its failure is the end. */
  readonly receive: (frame: unknown, socket: LiveSocket) => Effect.Effect<void, Refusal>
  readonly onEnd: (reason: Refusal) => Effect.Effect<void>
  /** Finds out why no connection came about. */
  readonly whyNotOpened: Effect.Effect<Refusal>
}

/** Opens it, and keeps it until it ends or the scope is closed. Fails with the reason if it does not open. */
export const open = (options: Options): Effect.Effect<LiveSocket, Refusal, Scope.Scope> =>
  Effect.gen(function*() {
    const { address, socket } = options
    const opened = yield* Deferred.make<void>()
    const ended = yield* Deferred.make<never, Refusal>()
    const writeFrame = yield* socket.writer
    const stillOpen = Effect.flatMap(Deferred.poll(ended), Option.getOrElse(() => Effect.void))
    const live: LiveSocket = {
      closed: Deferred.await(ended),
      end: (reason) => Effect.zipRight(Deferred.fail(ended, reason), options.onEnd(reason)),
      stillOpen,
      write: (frame) => Effect.zipRight(stillOpen, Effect.mapError(writeFrame(frame), () => End.brokenOff(address)))
    }

    const whyEnded = (fault: Refusal | Socket.SocketError): Effect.Effect<Refusal> => {
      if (!Socket.isSocketError(fault)) return Effect.succeed(fault)
      const reason = fault.reason === "Close"
        ? End.fromClose(address, fault.code, fault.closeReason ?? "")
        : End.brokenOff(address)
      return Effect.if(Deferred.isDone(opened), {
        onFalse: () => options.whyNotOpened,
        onTrue: () => Effect.succeed(reason)
      })
    }

    const heartbeat = Heartbeat.make(Effect.ignore(live.write(options.ping)))
    const receive = (frame: unknown) => {
      heartbeat.heard()
      return options.receive(frame, live)
    }
    yield* socket.runRaw(receive, { onOpen: Effect.asVoid(Deferred.succeed(opened, undefined)) }).pipe(
      Effect.zipRight(Effect.fail(End.brokenOff(address))),
      Effect.raceFirst(Effect.zipRight(heartbeat.lost, Effect.fail(End.silent(address)))),
      Effect.flip,
      Effect.flatMap(whyEnded),
      Effect.flatMap(live.end),
      Effect.onError((cause) => Deferred.failCause(ended, cause)),
      Effect.interruptible,
      Effect.forkScoped
    )
    yield* Effect.raceFirst(Deferred.await(opened), live.closed)
    return live
  })
