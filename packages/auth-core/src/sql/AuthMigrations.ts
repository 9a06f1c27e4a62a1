/**
 * The tables of auth-core, numbered and forward-only.
 *
 * @since 0.1.0
 */
import * as Migrator from "@effect/sql/Migrator"
import * as SqlClient from "@effect/sql/SqlClient"
import * as Effect from "effect/Effect"

/** Where the migrator keeps its numbers; a host's own migrations live elsewhere. */
export const table = "t3_auth_migrations"

const access = Effect.gen(function*() {
  const sql = yield* SqlClient.SqlClient
  yield* sql`CREATE TABLE t3_pairings (
    id TEXT PRIMARY KEY,
    token_hash TEXT NOT NULL UNIQUE,
    label TEXT NOT NULL,
    role TEXT NOT NULL,
    scopes TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('open', 'used', 'revoked')),
    issued_by TEXT NOT NULL,
    issued_by_session TEXT,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    ended_at BIGINT,
    session_id TEXT,
    repeat_key_hash TEXT,
    repeat_fields_hash TEXT
  )`
  yield* sql`CREATE INDEX t3_pairings_created ON t3_pairings (created_at, id)`
  yield* sql`CREATE INDEX t3_pairings_issuer ON t3_pairings (issued_by_session)`
  yield* sql`CREATE TABLE t3_sessions (
    id TEXT PRIMARY KEY,
    kind TEXT NOT NULL CHECK (kind IN ('bearer', 'browser')),
    secret_hash TEXT NOT NULL,
    cookie_hash TEXT,
    role TEXT NOT NULL,
    scopes TEXT NOT NULL,
    device_id TEXT NOT NULL,
    device_label TEXT NOT NULL,
    device_kind TEXT NOT NULL,
    device_os TEXT,
    device_browser TEXT,
    issued_by TEXT NOT NULL,
    issued_by_session TEXT,
    pairing_id TEXT REFERENCES t3_pairings (id) ON DELETE SET NULL,
    created_at BIGINT NOT NULL,
    first_used_at BIGINT,
    last_used_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    ends_at BIGINT,
    revoked_at BIGINT
  )`
  yield* sql`CREATE INDEX t3_sessions_created ON t3_sessions (created_at, id)`
  // Forgetting a pairing looks for its session.
  yield* sql`CREATE INDEX t3_sessions_pairing ON t3_sessions (pairing_id)`
  yield* sql`CREATE INDEX t3_sessions_issuer ON t3_sessions (issued_by_session)`
  yield* sql`CREATE TABLE t3_access_log (
    seq ${
    sql.onDialectOrElse({
      pg: () => sql.literal("BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY"),
      orElse: () => sql.literal("INTEGER PRIMARY KEY AUTOINCREMENT")
    })
  },
    at BIGINT NOT NULL,
    event TEXT NOT NULL,
    actor TEXT,
    actor_session TEXT,
    pairing_id TEXT,
    session_id TEXT,
    address TEXT,
    reason TEXT,
    times INTEGER NOT NULL
  )`
  yield* sql`CREATE INDEX t3_access_log_at ON t3_access_log (at)`
})

/** Ends that come by themselves are recorded once, and the log says which device. */
const ends = Effect.gen(function*() {
  const sql = yield* SqlClient.SqlClient
  yield* sql`ALTER TABLE t3_pairings ADD COLUMN expired_at BIGINT`
  yield* sql`ALTER TABLE t3_sessions ADD COLUMN expired_at BIGINT`
  yield* sql`CREATE INDEX t3_pairings_end ON t3_pairings (expires_at) WHERE state = 'open' AND expired_at IS NULL`
  yield* sql`CREATE INDEX t3_sessions_end ON t3_sessions (expires_at) WHERE revoked_at IS NULL AND expired_at IS NULL`
  yield* sql`ALTER TABLE t3_access_log ADD COLUMN device_id TEXT`
  yield* sql`ALTER TABLE t3_access_log ADD COLUMN device_label TEXT`
  yield* sql`ALTER TABLE t3_access_log ADD COLUMN device_kind TEXT`
})

/** Every migration by `NNNN_noun`. */
export const migrations = { "0001_access": access, "0002_ends": ends }

/** The number of the newest migration: a database with a higher one was made by a later version. */
export const latest = Object.keys(migrations).length

/** Brings the tables up to date (`MigrationError`, `SqlError`). */
export const migrate = Migrator.make({})({ loader: Migrator.fromRecord(migrations), table })
