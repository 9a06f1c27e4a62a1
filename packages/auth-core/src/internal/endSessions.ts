/** Ends sessions with the open links they made; for use inside a transaction. */
import type * as SqlClient from "@effect/sql/SqlClient"
import type { SqlError } from "@effect/sql/SqlError"
import type { Actor } from "@t3/protocol/Actor"
import type { SessionId } from "@t3/protocol/Ids"
import * as Arr from "effect/Array"
import * as Effect from "effect/Effect"
import { appendLog } from "./logRow.ts"
import { decodeRows, deviceOf } from "./SessionRow.ts"

/** Ids in one statement: SQLite takes 32,766 parameters, older ones 999. */
const chunk = 500

const inChunks = <A>(
  ids: ReadonlyArray<SessionId>,
  f: (ids: ReadonlyArray<SessionId>) => Effect.Effect<ReadonlyArray<A>, SqlError>
) => Effect.map(Effect.forEach(Arr.chunksOf(ids, chunk), f), Arr.flatten)

/** Ends the open links that these sessions made, and records it. */
export const endLinksOf = Effect.fnUntraced(function*(
  sql: SqlClient.SqlClient,
  options: { readonly ids: ReadonlyArray<SessionId>; readonly actor?: Actor; readonly now: number }
) {
  const { actor, ids, now } = options
  const links = yield* inChunks(
    ids,
    (part) =>
      sql<{ readonly id: string }>`UPDATE t3_pairings SET state = 'revoked', ended_at = ${now}
      WHERE state = 'open' AND expired_at IS NULL AND expires_at > ${now} AND ${
        sql.in("issued_by_session", part)
      } RETURNING id`
  )
  for (const link of links) {
    yield* appendLog(sql, now, { ...(actor && { actor }), event: "pairing.revoked", pairingId: link.id })
  }
  return links.length
})

export const endSessions = Effect.fnUntraced(function*(
  sql: SqlClient.SqlClient,
  options: {
    readonly ids: ReadonlyArray<SessionId>
    readonly actor: Actor
    readonly event: "session.revoked" | "session.replaced"
    readonly now: number
  }
) {
  const { actor, event, ids, now } = options
  // One that has lapsed can be replaced, but has nothing left to revoke.
  const lives = event === "session.replaced" ? [] : [sql`expired_at IS NULL`, sql`expires_at > ${now}`]
  const rows = yield* inChunks(ids, (part) =>
    Effect.flatMap(
      sql`UPDATE t3_sessions SET revoked_at = ${now}
        WHERE ${sql.and([sql`revoked_at IS NULL`, ...lives, sql.in("id", part)])} RETURNING *`,
      (found) => Effect.orDie(decodeRows(found))
    ))
  const staying = yield* inChunks(ids, (part) =>
    sql<{ readonly id: string }>`SELECT id FROM t3_sessions
      WHERE revoked_at IS NULL AND expired_at IS NULL AND expires_at > ${now} AND ${sql.in("issued_by_session", part)}`)
  for (const row of rows) yield* appendLog(sql, now, { actor, device: deviceOf(row), event, sessionId: row.id })
  return { links: yield* endLinksOf(sql, { actor, ids, now }), rows, staying: staying.length }
})
