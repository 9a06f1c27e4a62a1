/**
 * The record of every decision about access: ids and labels, never secrets; appended, never changed.
 *
 * @since 0.1.0
 */
import type { Actor } from "@t3/protocol/Actor"
import type { Unavailable } from "@t3/protocol/Errors"
import type { LogDevice, LogEntry, LogEvent, LogRequest } from "@t3/protocol/LogEntry"
import type { Page } from "@t3/protocol/Page"
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type * as Stream from "effect/Stream"

/** A decision as it is handed in; where the request came from is known from `Source`. */
export interface Decision {
  readonly event: LogEvent
  readonly actor?: Actor
  readonly pairingId?: string
  readonly sessionId?: string
  readonly device?: LogDevice
  /** The tag of a refusal, or the name of a right. */
  readonly reason?: string
}

export class AccessLog extends Context.Tag("@t3/auth-core/AccessLog")<AccessLog, {
  /** Newest first; those `after` a number oldest first. */
  readonly read: (request: LogRequest) => Effect.Effect<Page<LogEntry>, Unavailable>
  /** Every entry after that number, oldest first, and then each as it is written, by whomever. */
  readonly follow: (after: number) => Stream.Stream<LogEntry, Unavailable>
  /** The number of the newest entry; 0 where there is none. */
  readonly latest: Effect.Effect<number, Unavailable>
  /**
   * Records a refusal. The first of its kind (reason, address, pairing, session) is written at once, repetitions within a
   * minute as one row with their count, so that guesses do not cost a disk write each.
   */
  readonly refused: (decision: Decision) => Effect.Effect<void>
  /** Wakes those who follow: something was committed. */
  readonly written: Effect.Effect<void>
  /** How often that was so since the start. */
  readonly writes: () => number
}>() {}
