/**
 * The record of every decision about access: ids, never secrets; appended, never changed.
 *
 * @since 0.1.0
 */
import type { Actor } from "@t3/protocol/Actor"
import type { Unavailable } from "@t3/protocol/Errors"
import * as Context from "effect/Context"
import type * as DateTime from "effect/DateTime"
import type * as Effect from "effect/Effect"

/** What was decided. */
export type Event =
  | "pairing.issued"
  | "pairing.redeemed"
  | "pairing.repeated"
  | "pairing.refused"
  | "pairing.revoked"
  | "session.issued"
  | "session.replaced"
  | "session.renamed"
  | "session.revoked"

/** A decision as it is handed in. */
export interface Entry {
  readonly event: Event
  readonly actor?: Actor
  readonly pairingId?: string
  readonly sessionId?: string
  /** Where the request came from. */
  readonly address?: string
  /** The tag of a refusal. */
  readonly reason?: string
}

/** A decision as it is kept. `count` is over 1 where refusals of one minute were gathered. */
export interface Recorded extends Entry {
  readonly seq: number
  readonly at: DateTime.Utc
  readonly count: number
}

export class AccessLog extends Context.Tag("@t3/auth-core/AccessLog")<AccessLog, {
  /** The newest entries, newest first; `limit` is 1 to 1,000. */
  readonly latest: (limit: number) => Effect.Effect<ReadonlyArray<Recorded>, Unavailable>
  /**
   * Records a refusal. The first of its kind (reason, address, pairing) is written at once, repetitions within a
   * minute as one row with their count, so that guesses do not cost a disk write each.
   */
  readonly refused: (entry: Entry) => Effect.Effect<void>
}>() {}
