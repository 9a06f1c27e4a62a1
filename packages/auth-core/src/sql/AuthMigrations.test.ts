import * as Migrator from "@effect/sql/Migrator"
import * as SqlClient from "@effect/sql/SqlClient"
import { assert, describe, it } from "@effect/vitest"
import { SessionId } from "@t3/protocol/Ids"
import { Effect, TestClock } from "effect"
import { connectOther } from "../../test/Other.ts"
import { sessionRow } from "../../test/Rows.ts"
import { open, pair, recorded, testOpen } from "../../test/Stores.ts"
import { layer, temporaryFile } from "../../test/TestDatabase.ts"
import * as Secret from "../Secret.ts"
import * as AuthMigrations from "./AuthMigrations.ts"

describe("AuthMigrations", () => {
  it("are numbered from one without a gap, and the last is the latest", () => {
    const numbers = Object.keys(AuthMigrations.migrations).map((name) => {
      assert.match(name, /^\d{4}_[a-z_]+$/)
      return Number(name.slice(0, 4))
    })
    assert.deepStrictEqual(numbers, Array.from({ length: AuthMigrations.latest }, (_, index) => index + 1))
  })

  it.effect("run once, beside the tables of a host", () =>
    Effect.gen(function*() {
      const sql = yield* SqlClient.SqlClient
      yield* sql`CREATE TABLE effect_sql_migrations (migration_id INTEGER PRIMARY KEY, name TEXT)`
      yield* sql`INSERT INTO effect_sql_migrations VALUES (7, 'of_the_host')`
      assert.deepStrictEqual(yield* AuthMigrations.migrate, [])
      const rows = yield* sql`SELECT migration_id, name FROM ${sql(AuthMigrations.table)}`
      assert.deepStrictEqual(rows, [{ migration_id: 1, name: "access" }, { migration_id: 2, name: "ends" }])
    }).pipe(Effect.provide(layer)))

  testOpen("bring a database of the first version up to date, with what it holds", () =>
    Effect.gen(function*() {
      const file = yield* temporaryFile
      const { sql } = yield* connectOther(file)
      yield* Migrator.make({})({
        loader: Migrator.fromRecord({ "0001_access": AuthMigrations.migrations["0001_access"] }),
        table: AuthMigrations.table
      }).pipe(Effect.provideService(SqlClient.SqlClient, sql))
      const secret = yield* Effect.provide(Secret.Secret, Secret.Secret.layer)
      const token = yield* secret.sessionToken("bearer", "000000000001")
      const { expired_at: _, ...row } = sessionRow({
        expires_at: 86_400_000,
        id: SessionId.make("000000000001"),
        secret_hash: Secret.hash(token)
      })
      const over = { ...row, expires_at: 0, id: "000000000002" }
      for (const it of [row, over]) yield* sql`INSERT INTO t3_sessions ${sql.insert({ ...it, scopes: "[]" })}`
      yield* sql`INSERT INTO t3_access_log (at, event, session_id, times) VALUES (0, 'session.issued', ${row.id}, 1)`

      const stores = yield* open(file)
      assert.strictEqual((yield* stores.sessions.verify(token)).id, row.id)
      yield* TestClock.adjust("1 second")
      assert.deepStrictEqual((yield* stores.run(recorded)).map((it) => [it.event, it.sessionId]), [
        ["session.issued", row.id],
        ["session.expired", over.id]
      ])
      yield* stores.close
    }))

  testOpen("leave what is there when the database is opened again", () =>
    Effect.gen(function*() {
      const file = yield* temporaryFile
      const before = yield* open(file)
      const { session } = yield* before.run(pair())
      yield* before.close
      const after = yield* open(file)
      assert.deepStrictEqual((yield* after.sessions.list({ all: true, limit: 9 })).items.map((it) => it.id), [
        session.id
      ])
      yield* after.close
    }))
})
