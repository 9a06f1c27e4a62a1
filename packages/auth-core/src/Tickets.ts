/**
 * Tickets for live connections: kept in memory alone, for seconds, and only as hashes.
 *
 * @since 0.1.0
 */
import { Unauthenticated } from "@t3/protocol/Errors"
import type { SessionId } from "@t3/protocol/Ids"
import { ttlSeconds } from "@t3/protocol/Ticket"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Redacted from "effect/Redacted"
import { hash, Secret } from "./Secret.ts"

interface Held {
  readonly sessionId: SessionId
  readonly origin: string | undefined
  readonly issuedAt: number
}

/** Younger than a ticket gets; nor from further ahead than that, where the clock went back meanwhile. */
const isFresh = ({ issuedAt }: Held, now: number): boolean => Math.abs(now - issuedAt) < ttlSeconds * 1000

/** Tickets that are held; beyond it the oldest, which lapses next, is let go. */
const maxHeld = 10_000

export class Tickets extends Context.Tag("@t3/auth-core/Tickets")<Tickets, {
  /** Makes one for a session that was verified, and the `Origin` that asked. */
  readonly issue: (sessionId: SessionId, origin: string | undefined) => Effect.Effect<Redacted.Redacted>
  /** Takes it, once: the session it was made for, which may have ended since (`Unauthenticated`). */
  readonly take: (ticket: Redacted.Redacted, origin: string | undefined) => Effect.Effect<SessionId, Unauthenticated>
}>() {
  static readonly layer: Layer.Layer<Tickets, never, Secret> = Layer.effect(
    this,
    Effect.map(Secret, (secret) => {
      // In the order in which they lapse, since all live equally long.
      const held = new Map<string, Held>()
      const forgetLapsed = (now: number): void => {
        for (const [key, ticket] of held) {
          if (isFresh(ticket, now) && held.size < maxHeld) return
          held.delete(key)
        }
      }
      return Tickets.of({
        issue: (sessionId, origin) =>
          Effect.zipWith(secret.ticket, Clock.currentTimeMillis, (ticket, now) => {
            forgetLapsed(now)
            held.set(hash(ticket), { issuedAt: now, origin, sessionId })
            return ticket
          }),
        // By its hash, so that how long the look-up takes says nothing of a ticket.
        take: (ticket, origin) =>
          Effect.flatMap(Clock.currentTimeMillis, (now) => {
            const key = hash(ticket)
            const found = held.get(key)
            held.delete(key)
            return found !== undefined && isFresh(found, now) && found.origin === origin
              ? Effect.succeed(found.sessionId)
              : new Unauthenticated({
                hint: "Get a new ticket with POST /api/ws-ticket.",
                message: "The ticket is unknown, was used, has expired, or was made for another page."
              })
          })
      })
    })
  )
}
