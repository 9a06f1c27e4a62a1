/** Somebody else with the database file: an administrator with a SQLite shell, or a program that does not know of us. */
import * as SqliteClient from "@effect/sql-sqlite-node/SqliteClient"
import * as SqlClient from "@effect/sql/SqlClient"
import type { SessionId } from "@t3/protocol/Ids"
import { Context, Effect, Layer } from "effect"
import { open } from "./Stores.ts"
import { temporaryFile } from "./TestDatabase.ts"

/** A connection of their own to the file, until the scope closes. */
export const connectOther = (filename: string) =>
  Effect.map(Layer.build(SqliteClient.layer({ filename })), (context) => {
    const sql = Context.get(context, SqlClient.SqlClient)
    return {
      /** Sets a column of a session. */
      edit: (id: SessionId, column: string, value: number | string | null) =>
        sql`UPDATE t3_sessions SET ${sql(column)} = ${value} WHERE id = ${id}`,
      remove: (id: SessionId) => sql`DELETE FROM t3_sessions WHERE id = ${id}`,
      sql
    }
  })

/** Our stores over a file, and somebody else; ours do not wait for a lock of theirs. */
export const withOther = Effect.gen(function*() {
  const file = yield* temporaryFile
  const ours = yield* Effect.acquireRelease(open(file), (stores) => stores.close)
  yield* ours.run(Effect.flatMap(SqlClient.SqlClient, (sql) => sql`PRAGMA busy_timeout = 1`))
  return { other: yield* connectOther(file), ours }
})
