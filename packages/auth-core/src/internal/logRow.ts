/** One row of the access log, written in the transaction of what it records. */
import type * as SqlClient from "@effect/sql/SqlClient"
import type { Entry } from "../AccessLog.ts"

export const appendLog = (sql: SqlClient.SqlClient, at: number, entry: Entry, times = 1) =>
  sql`INSERT INTO t3_access_log ${
    sql.insert({
      at,
      event: entry.event,
      actor: entry.actor?.kind ?? null,
      actor_session: entry.actor?.kind === "session" ? entry.actor.sessionId : null,
      pairing_id: entry.pairingId ?? null,
      session_id: entry.sessionId ?? null,
      address: entry.address ?? null,
      reason: entry.reason ?? null,
      times
    })
  }`
