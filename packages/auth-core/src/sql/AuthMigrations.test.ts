import * as SqlClient from "@effect/sql/SqlClient"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { open, pair, testOpen } from "../../test/Stores.ts"
import { layer, temporaryFile } from "../../test/TestDatabase.ts"
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
