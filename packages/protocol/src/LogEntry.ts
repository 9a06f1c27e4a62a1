/**
 * One decision about access, as the log keeps it: ids and labels, never a secret.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"
import { Actor } from "./Actor.ts"
import { DeviceId, PairingId, SessionId } from "./Ids.ts"
import { maxSize } from "./Page.ts"

/** What was decided, as this version knows it. */
export const LogEvent = Schema.Literal(
  "pairing.issued",
  "pairing.redeemed",
  "pairing.repeated",
  "pairing.refused",
  "pairing.revoked",
  "pairing.expired",
  "session.issued",
  "session.replaced",
  "session.renamed",
  "session.renewed",
  "session.refused",
  "session.revoked",
  "session.expired",
  "scope.denied",
  "ticket.refused",
  "rate.limited"
)
export type LogEvent = typeof LogEvent.Type

/** The device that a decision was about, as it was called then; `kind` is a `DeviceKind`, or one of a later version. */
export const LogDevice = Schema.Struct({ id: DeviceId, label: Schema.String, kind: Schema.String })
export type LogDevice = typeof LogDevice.Type

export const LogEntry = Schema.Struct({
  /** Counts up, also across restarts; numbers may be left out. */
  seq: Schema.NonNegativeInt,
  at: Schema.DateTimeUtc,
  /** A `LogEvent`, or what a later version records beside: nobody who reads must fail for it. */
  event: Schema.String.pipe(Schema.pattern(/^[a-z-]+\.[a-z-]+$/, { message: () => "an event looks like noun.verb" })),
  /** Who did it; absent for one who has no session, and for what time did. */
  actor: Schema.optionalWith(Actor, { exact: true }),
  pairingId: Schema.optionalWith(PairingId, { exact: true }),
  /** The session that it was about. For a refused second use: the session that the link had become. */
  sessionId: Schema.optionalWith(SessionId, { exact: true }),
  /** The device of that session. */
  device: Schema.optionalWith(LogDevice, { exact: true }),
  /** Where the request came from; absent for what was done on the machine itself. */
  address: Schema.optionalWith(Schema.String, { exact: true }),
  /** Why it was refused or ended: the tag of a refusal, or the name of a right. */
  reason: Schema.optionalWith(Schema.String, { exact: true }),
  /** How often, where refusals of one minute were gathered into one entry. */
  count: Schema.Int.pipe(Schema.positive())
})
export type LogEntry = typeof LogEntry.Type

/** Which entries, and how many (1 to 200; 50 where absent). The newest come first, but those `after` a number the oldest. */
export const LogRequest = Schema.Struct({
  /** Only entries from this time on. */
  since: Schema.optionalWith(Schema.DateTimeUtc, { exact: true }),
  /** Only entries with a higher number, oldest first: to go on where one was. */
  after: Schema.optionalWith(Schema.NumberFromString.pipe(Schema.int(), Schema.nonNegative()), { exact: true }),
  /** `next` of the page before. */
  cursor: Schema.optionalWith(Schema.NumberFromString.pipe(Schema.int(), Schema.nonNegative()), { exact: true }),
  limit: Schema.optionalWith(Schema.NumberFromString.pipe(Schema.int(), Schema.between(1, maxSize)), {
    default: () => 50
  })
})
export type LogRequest = typeof LogRequest.Type
