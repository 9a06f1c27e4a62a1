/**
 * The tables of the server itself, numbered and forward-only.
 *
 * @since 0.1.0
 */
import * as Migrator from "@effect/sql/Migrator"
import * as SqlClient from "@effect/sql/SqlClient"
import * as Effect from "effect/Effect"

/** Where the migrator keeps its numbers. */
export const table = "t3_server_migrations"

const environment = Effect.gen(function*() {
  const sql = yield* SqlClient.SqlClient
  yield* sql`CREATE TABLE t3_environment (
    id TEXT PRIMARY KEY,
    label TEXT NOT NULL,
    created_at BIGINT NOT NULL
  )`
  yield* sql`CREATE TABLE t3_projects (
    id TEXT PRIMARY KEY,
    path TEXT NOT NULL UNIQUE,
    title TEXT NOT NULL,
    created_at BIGINT NOT NULL
  )`
})

/** Every migration by `NNNN_noun`. */
export const migrations = { "0001_environment": environment }

/** The number of the newest migration. */
export const latest = Object.keys(migrations).length

/** Brings the tables up to date (`MigrationError`, `SqlError`). */
export const migrate = Migrator.make({})({ loader: Migrator.fromRecord(migrations), table })
