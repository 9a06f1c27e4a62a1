/** Waits for the end of a connection for as long as a peer that listens needs, and no longer. */
import * as Effect from "effect/Effect"
import type { Socket } from "node:net"
import * as timers from "node:timers"

/** A peer that does not take part in the closing keeps its connection for seconds (measured: 8 s and more). */
const patience = 100

/** Nothing of what is still buffered goes out; a TLS connection, which cannot be reset, is destroyed. */
const reset = (socket: Socket): void => {
  if ("encrypted" in socket) socket.destroy()
  else socket.resetAndDestroy()
}

/** Calls once what it was given to wait for has come, at once if it has. */
export type Ending = (done: () => void) => void

/** Waits for `ending`, or resets the connection after 100 ms. */
export const orReset = (socket: Socket, ending: Ending): Effect.Effect<void> =>
  Effect.async<void>((resume) => {
    // A timer of Node: thousands may wait at once, and each would take two fibers for it.
    const timer = timers.setTimeout(() => {
      reset(socket)
      resume(Effect.void)
    }, patience)
    ending(() => {
      timers.clearTimeout(timer)
      resume(Effect.void)
    })
  })

/** The end of the connection itself. */
export const closed = (socket: Socket): Ending => (done) => {
  if (socket.destroyed) return done()
  socket.once("close", done)
}
