/**
 * The environment's SQLite database: looked at first, then opened durably, with its tables up to date.
 *
 * @since 0.1.0
 */
import * as SqliteClient from "@effect/sql-sqlite-node/SqliteClient"
import * as SqlClient from "@effect/sql/SqlClient"
import * as AuthMigrations from "@t3/auth-core/sql/AuthMigrations"
import Sqlite from "better-sqlite3"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as fs from "node:fs"
import { DatabaseRefused } from "../StartError.ts"
import { inspect } from "./inspect.ts"
import * as ServerMigrations from "./ServerMigrations.ts"

/** Marks the file as ours for `file(1)` and the like: "T3" and a zero. */
const applicationId = 0x54330000

/** `PRAGMA synchronous` in numbers: https://sqlite.org/pragma.html#pragma_synchronous */
const full = 2

const refused = (file: string) => (cause: Cause.Cause<unknown>) =>
  new DatabaseRefused({
    hint: "Free some space or correct its permissions, then start again.",
    message: `The database ${file} cannot be opened: ${Cause.pretty(cause).split("\n")[0] ?? ""}`,
    reason: "failed"
  })

/** Makes the file whole under another name first: a crash never leaves an empty database behind. */
const create = (file: string): Effect.Effect<void, DatabaseRefused> =>
  Effect.try({
    try: () => {
      if (fs.existsSync(file)) return fs.chmodSync(file, 0o600)
      const fresh = `${file}.new`
      fs.rmSync(fresh, { force: true })
      const db = new Sqlite(fresh)
      fs.chmodSync(fresh, 0o600)
      // A file under this name is thrown away if anything goes wrong, and needs no journal.
      db.pragma("journal_mode = OFF")
      db.pragma(`application_id = ${applicationId}`)
      db.pragma("journal_mode = WAL")
      db.close()
      fs.renameSync(fresh, file)
    },
    catch: (cause) => refused(file)(Cause.fail(cause))
  })

const durable = Effect.gen(function*() {
  const sql = yield* SqlClient.SqlClient
  yield* sql`PRAGMA synchronous = FULL`
  yield* sql`PRAGMA foreign_keys = ON`
  // One connection per process; a longer wait would stop the whole server.
  yield* sql`PRAGMA busy_timeout = 100`
  yield* AuthMigrations.migrate
  yield* ServerMigrations.migrate
  // The pragma answers before it acts; after a read its answer is the truth.
  yield* sql`SELECT count(*) FROM t3_sessions`
  const [row] = yield* sql<{ readonly synchronous: number }>`PRAGMA synchronous`
  if (row?.synchronous !== full) return yield* Effect.dieMessage(`synchronous is ${row?.synchronous}, not FULL`)
})

/**
 * Opens the database in `file`, which is there and of this version, to read it (`DatabaseRefused`). Others may write to
 * it meanwhile. SQLite could open it read-only, but would then leave files of its own beside it.
 */
export const layerReading = (file: string): Layer.Layer<SqlClient.SqlClient, DatabaseRefused> =>
  Layer.effectDiscard(Effect.flatMap(SqlClient.SqlClient, (sql) => sql`PRAGMA query_only = ON`)).pipe(
    Layer.provideMerge(SqliteClient.layer({ disableWAL: true, filename: file })),
    Layer.catchAllCause((cause) => Layer.fail(refused(file)(cause)))
  )

/** Opens the database in `file` (`DatabaseRefused`). The caller holds the lock of the directory. */
export const layer = (file: string): Layer.Layer<SqlClient.SqlClient, DatabaseRefused> =>
  Layer.effectDiscard(durable).pipe(
    Layer.provideMerge(SqliteClient.layer({ filename: file })),
    Layer.catchAllCause((cause) => Layer.fail(refused(file)(cause))),
    (opened) => Layer.unwrapEffect(Effect.as(Effect.zipRight(inspect(file), create(file)), opened))
  )
