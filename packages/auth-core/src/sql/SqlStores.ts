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
import { SessionMemory } from "../internal/SessionMemory.ts"
import { stored } from "../internal/stored.ts"
import type { PairingStore } from "../PairingStore.ts"
import { Policy } from "../Policy.ts"
import { Secret } from "../Secret.ts"
import type { SessionStore } from "../SessionStore.ts"
import * as SqlAccessLog from "./SqlAccessLog.ts"
import * as SqlPairingStore from "./SqlPairingStore.ts"
import * as SqlSessionStore from "./SqlSessionStore.ts"

/** Forgets what has ended longer ago than it is kept, once at start and once a day. */
export const layerPruning: Layer.Layer<never, never, SqlClient.SqlClient> = Layer.scopedDiscard(Effect.gen(function*() {
  const sql = yield* SqlClient.SqlClient
  const policy = yield* Policy
  const prune = Effect.gen(function*() {
    const now = yield* Clock.currentTimeMillis
    const ended = now - Duration.toMillis(policy.keepEnded)
    yield* sql`DELETE FROM t3_sessions WHERE revoked_at < ${ended} OR expires_at < ${ended}`
    yield* sql`DELETE FROM t3_pairings WHERE ended_at < ${ended} OR expires_at < ${ended}`
    yield* sql`DELETE FROM t3_access_log WHERE at < ${now - Duration.toMillis(policy.keepLog)}`
  }).pipe(stored("SqlStores.prune"), Effect.ignore)
  // Also where a host builds this layer in an uninterruptible region: closing it must not wait for a day.
  yield* Effect.forkScoped(Effect.interruptible(Effect.repeat(prune, Schedule.spaced("1 day"))))
}))

/** The stores; the tables must be there (`AuthMigrations.migrate`). */
export const layer: Layer.Layer<PairingStore | SessionStore | AccessLog, never, SqlClient.SqlClient> = Layer.mergeAll(
  SqlPairingStore.layer,
  SqlSessionStore.layer
).pipe(
  Layer.provideMerge(SqlAccessLog.layer),
  Layer.provide([SessionMemory.layer, Secret.layer])
)
