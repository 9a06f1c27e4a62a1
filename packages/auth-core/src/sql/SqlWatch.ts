/**
 * What no call brings about: ends that come with time, and changes that somebody else made to the database. Both reach
 * memory, open connections and the log as a call's would.
 *
 * @since 0.1.0
 */
import * as SqlClient from "@effect/sql/SqlClient"
import { SessionExpired, SessionRevoked, Unavailable } from "@t3/protocol/Errors"
import type { SessionId } from "@t3/protocol/Ids"
import * as Arr from "effect/Array"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { AccessLog } from "../AccessLog.ts"
import { Connections } from "../Connections.ts"
import { appendLog } from "../internal/logRow.ts"
import { SessionMemory } from "../internal/SessionMemory.ts"
import { decodeRows, deviceOf, type SessionRow } from "../internal/SessionRow.ts"
import { stored } from "../internal/stored.ts"

/**
 * The longest sleep, in milliseconds. So short that a suspended machine, a moved clock and a change by others are noticed
 * within a second; a timer over 24.8 days would not work at all (Node fires it at once).
 */
const tick = 1000

/** The shortest sleep: an end that cannot be written down yet is tried again, but not at once. */
const shortest = 50

/** Rows of one statement. */
const batch = 500

const rowsOf = (rows: ReadonlyArray<unknown>) => Effect.orDie(decodeRows(rows))

/** Whether what a connection may do is no longer what it was. */
const hasOtherRights = (before: SessionRow, after: SessionRow): boolean =>
  before.role !== after.role || before.scopes.join() !== after.scopes.join()

const make = Effect.gen(function*() {
  const sql = yield* SqlClient.SqlClient
  const memory = yield* SessionMemory
  const connections = yield* Connections
  const log = yield* AccessLog

  /** Ends links and sessions whose time has come, but not one that was used since and is yet to be written down. */
  const expire = Effect.gen(function*() {
    const now = yield* Clock.currentTimeMillis
    const links = yield* sql<{ readonly id: string }>`UPDATE t3_pairings SET expired_at = ${now}
      WHERE state = 'open' AND expired_at IS NULL AND expires_at <= ${now} RETURNING id`
    const over = yield* Effect.flatMap(
      sql`SELECT * FROM t3_sessions
        WHERE revoked_at IS NULL AND expired_at IS NULL AND expires_at <= ${now} LIMIT ${batch}`,
      rowsOf
    )
    const due = over.filter((row) => (memory.get(row.id)?.expires_at ?? row.expires_at) <= now)
    for (const link of links) yield* appendLog(sql, now, { event: "pairing.expired", pairingId: link.id })
    for (const row of due) {
      yield* sql`UPDATE t3_sessions SET expired_at = ${now} WHERE id = ${row.id}`
      yield* appendLog(sql, now, { device: deviceOf(row), event: "session.expired", sessionId: row.id })
    }
    return due.map((row): SessionRow => ({ ...row, expired_at: now }))
  }).pipe(
    sql.withTransaction,
    Effect.tap((ended) => {
      for (const row of ended) if (memory.get(row.id) !== undefined) memory.set(row)
      return Effect.zipRight(connections.cut(ended.map((row) => row.id), new SessionExpired()), log.written)
    })
  )

  /** When the next link or session ends, unless it is used before. */
  const nearest = Effect.map(
    sql<{ readonly at: number | null }>`SELECT min(at) AS at FROM (
      SELECT min(expires_at) AS at FROM t3_pairings WHERE state = 'open' AND expired_at IS NULL
      UNION ALL SELECT min(expires_at) FROM t3_sessions WHERE revoked_at IS NULL AND expired_at IS NULL) AS ends`,
    ([row]) => row?.at ?? Number.POSITIVE_INFINITY
  )

  /** What the database says now of a session in memory, whose last use may not have been written yet. */
  const reread = (known: SessionRow, row: SessionRow | undefined, now: number): SessionRow => {
    if (row === undefined) return { ...known, revoked_at: now }
    if (row.revoked_at !== null || row.last_used_at >= known.last_used_at) return row
    const { expires_at, first_used_at, last_used_at } = known
    return { ...row, expires_at, first_used_at, last_used_at }
  }

  /** Takes over what others changed of the sessions in memory. */
  const takeOver = (known: ReadonlyArray<SessionRow>) =>
    Effect.gen(function*() {
      const now = yield* Clock.currentTimeMillis
      const found = yield* Effect.flatMap(
        sql`SELECT * FROM t3_sessions WHERE ${sql.in("id", known.map((row) => row.id))}`,
        rowsOf
      )
      const byId = new Map(found.map((row) => [row.id, row]))
      const ended: Array<SessionRow> = []
      const changed: Array<SessionId> = []
      for (const before of known) {
        // It may have been used, or ended by us, while the database was read.
        const latest = memory.get(before.id) ?? before
        const after = reread(latest, byId.get(before.id), now)
        if (latest.revoked_at !== null) continue
        memory.set(after)
        if (after.revoked_at !== null) ended.push(after)
        else if (hasOtherRights(latest, after)) changed.push(after.id)
      }
      for (const row of ended) {
        const entry = {
          device: deviceOf(row),
          event: "session.revoked",
          reason: "database",
          sessionId: row.id
        } as const
        yield* appendLog(sql, now, entry)
      }
      yield* connections.cut(ended.map((row) => row.id), new SessionRevoked())
      // They come back with the rights that they have now.
      yield* connections.cut(changed, new Unavailable())
    })

  const version = sql.onDialectOrElse({
    // A host with several servers on one database tells them of changes itself.
    pg: () => Effect.succeed(0),
    orElse: () =>
      Effect.map(
        sql<{ readonly data_version: number }>`PRAGMA data_version`,
        ([row]) => row?.data_version ?? 0
      )
  })

  let seen = yield* Effect.orDie(version)
  const lookForOthers = Effect.gen(function*() {
    const now = yield* version
    if (now === seen) return
    seen = now
    yield* Effect.forEach(Arr.chunksOf(memory.unrevoked(), batch), takeOver, { discard: true })
    yield* log.written
  })

  let writes = -1
  let deadline = Number.NEGATIVE_INFINITY
  const look = Effect.gen(function*() {
    yield* lookForOthers
    if (deadline <= (yield* Clock.currentTimeMillis)) yield* expire
    // Whatever was decided may have moved the next end.
    if (writes !== log.writes()) {
      writes = log.writes()
      deadline = yield* nearest
    }
    return Math.min(tick, Math.max(shortest, deadline - (yield* Clock.currentTimeMillis)))
  }).pipe(stored("SqlWatch.look"), Effect.orElseSucceed(() => tick))

  yield* Effect.forkScoped(Effect.interruptible(Effect.forever(Effect.flatMap(look, Effect.sleep))))
})

/** Watches until the scope closes. */
export const layer: Layer.Layer<never, never, SqlClient.SqlClient | SessionMemory | Connections | AccessLog> = Layer
  .scopedDiscard(make)
