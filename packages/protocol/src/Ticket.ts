/**
 * What a WebSocket is opened with: a secret that works once, within seconds, so that no lasting one stands in a URL or in
 * the list of subprotocols.
 *
 * @since 0.1.0
 */
import type * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import { quiet, secretText } from "./internal/quiet.ts"

/** Tells a ticket from every other secret. */
export const prefix = "t3w_"

/** Seconds that a ticket can be used. */
export const ttlSeconds = 30

/** Prefix, and a secret of 52 symbols (256 bit and 4 to spare). */
const pattern = /^t3w_[0-9a-hjkmnp-tv-z]{52}$/

export const Ticket = Schema.Redacted(
  secretText("a ticket").pipe(Schema.pattern(pattern, { message: () => "not a ticket" }))
).annotations({ identifier: "Ticket" })
export type Ticket = Redacted.Redacted

export const TicketResponse = Schema.Struct({
  ticket: Ticket,
  /** Seconds from the answer on. */
  expiresIn: Schema.NonNegativeInt
}).annotations(quiet("a ticket"))
export type TicketResponse = typeof TicketResponse.Type
