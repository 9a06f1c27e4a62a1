/**
 * All stores over one database, sharing one memory of its sessions.
 *
 * @since 0.1.0
 */
import * as SqlClient from "@effect/sql/SqlClient"
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schedule from "effect/Schedule"
import type { AccessLog } from "../AccessLog.ts"
import { Connections } from "../Connections.ts"
import { FailureLimit } from "../FailureLimit.ts"
import { SessionMemory } from "../internal/SessionMemory.ts"
import { stored } from "../internal/stored.ts"
import type { PairingStore } from "../PairingStore.ts"
import { Policy } from "../Policy.ts"
import { Secret } from "../Secret.ts"
import type { SessionStore } from "../SessionStore.ts"
import * as SqlAccessLog from "./SqlAccessLog.ts"
import * as SqlPairingStore from "./SqlPairingStore.ts"
import * as SqlSessionStore from "./SqlSessionStore.ts"
import * as SqlWatch from "./SqlWatch.ts"

/** Forgets what has ended longer ago than it is kept, and log entries beyond their number, at start and once an hour. */
const layerPruning: Layer.Layer<never, never, SqlClient.SqlClient> = Layer.scopedDiscard(Effect.gen(function*() {
  const sql = yield* SqlClient.SqlClient
  const policy = yield* Policy
  const prune = Effect.gen(function*() {
    const now = yield* Clock.currentTimeMillis
    const ended = now - Duration.toMillis(policy.keepEnded)
    // Not before the watch has recorded the end, and closed what was open.
    const isOver = sql`expired_at IS NOT NULL AND expires_at < ${ended}`
    // Not while something that it issued is kept, which `withIssued` finds by way of it.
    yield* sql`DELETE FROM t3_sessions WHERE (revoked_at < ${ended} OR (${isOver}))
      AND NOT EXISTS (SELECT 1 FROM t3_sessions AS issued WHERE issued.issued_by_session = t3_sessions.id)`
    yield* sql`DELETE FROM t3_pairings WHERE ended_at < ${ended} OR (${isOver})`
    const unknown = sql`pairing_id IS NULL AND session_id IS NULL`
    yield* sql`DELETE FROM t3_access_log WHERE ${unknown} AND seq < (SELECT min(seq) FROM (
      SELECT seq FROM t3_access_log WHERE ${unknown} ORDER BY seq DESC LIMIT ${policy.keepLogUnknown}) AS kept)`
    yield* sql`DELETE FROM t3_access_log WHERE at < ${now - Duration.toMillis(policy.keepLog)}
      OR seq < (SELECT min(seq) FROM (
        SELECT seq FROM t3_access_log ORDER BY seq DESC LIMIT ${policy.keepLogEntries}) AS kept)`
  }).pipe(stored("SqlStores.prune"), Effect.ignore)
  // Also where a host builds this layer in an uninterruptible region: closing it must not wait for an hour.
  yield* Effect.forkScoped(Effect.interruptible(Effect.repeat(prune, Schedule.spaced("1 hour"))))
}))

type Stores = PairingStore | SessionStore | AccessLog | Connections | FailureLimit

const layerParts = Layer.mergeAll(SqlPairingStore.layer, SqlSessionStore.layer)

const shared = <R>(layer: Layer.Layer<R, never, Layer.Layer.Context<typeof layerParts> | SqlClient.SqlClient>) =>
  layer.pipe(
    Layer.provideMerge(Layer.mergeAll(SqlAccessLog.layer, Connections.layer, FailureLimit.layer)),
    Layer.provide([SessionMemory.layer, Secret.layer])
  )

/** The stores for a moment, as a command has them; the tables must be there (`AuthMigrations.migrate`). */
export const layer: Layer.Layer<Stores, never, SqlClient.SqlClient> = shared(layerParts)

/** The stores for as long as a server runs: what time and others bring about is noticed, what is old forgotten. */
export const layerServer: Layer.Layer<Stores, never, SqlClient.SqlClient> = shared(
  Layer.mergeAll(layerParts, SqlWatch.layer, layerPruning)
)
