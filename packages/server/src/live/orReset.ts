/** Waits for the end of a connection for as long as a peer that listens needs, and no longer. */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type { Socket } from "node:net"

/** A peer that does not take part in the closing keeps its connection for seconds (measured: 8 s and more). */
const patience = Duration.millis(100)

/** Nothing of what is still buffered goes out; a TLS connection, which cannot be reset, is destroyed. */
const reset = (socket: Socket): void => {
  if ("encrypted" in socket) socket.destroy()
  else socket.resetAndDestroy()
}

/** Waits for `ending`, or resets the connection after 100 ms. */
export const orReset = (socket: Socket, ending: Effect.Effect<void>): Effect.Effect<void> =>
  Effect.interruptible(ending).pipe(
    Effect.timeoutTo({
      duration: patience,
      onSuccess: () => undefined,
      onTimeout: () => reset(socket)
    })
  )

/** The end of the connection itself. */
export const closed = (socket: Socket): Effect.Effect<void> =>
  Effect.async<void>((resume) => {
    if (socket.destroyed) return resume(Effect.void)
    socket.once("close", () => resume(Effect.void))
  })
