import * as SqlClient from "@effect/sql/SqlClient"
import { assert, describe, it } from "@effect/vitest"
import Sqlite from "better-sqlite3"
import { Effect } from "effect"
import * as fs from "node:fs"
import { join } from "node:path"
import { asNobody } from "../../test/asNobody.ts"
import { temporaryFolder } from "../../test/withServer.ts"
import * as Database from "./Database.ts"
import { inspect } from "./inspect.ts"

const pragma = (name: string) =>
  Effect.flatMap(SqlClient.SqlClient, (sql) => sql.unsafe<Record<string, unknown>>(`PRAGMA ${name}`).values)

const open = (file: string) =>
  Effect.provide(
    Effect.gen(function*() {
      const sql = yield* SqlClient.SqlClient
      yield* sql`SELECT count(*) FROM t3_environment`
      return (yield* Effect.all([pragma("synchronous"), pragma("journal_mode"), pragma("foreign_keys")])).flat(2)
    }),
    Database.layer(file)
  )

/** A sound database of some pages, and a bystander. */
const sound = Effect.gen(function*() {
  const folder = yield* temporaryFolder
  const file = join(folder, "t3.db")
  yield* open(file)
  const db = new Sqlite(file)
  const insert = db.prepare("INSERT INTO t3_projects VALUES (?, ?, ?, 0)")
  for (let i = 0; i < 500; i++) insert.run(`id-${i}`, `/some/folder/${i}`.padEnd(200, "x"), "title")
  db.pragma("wal_checkpoint(TRUNCATE)")
  db.close()
  fs.writeFileSync(join(folder, "environments.json"), "{}", { mode: 0o600 })
  return { file, folder }
})

const contents = (folder: string) =>
  fs.readdirSync(folder).filter((name) => !/-(wal|shm)$/.test(name)).sort()
    .map((name) => [name, fs.readFileSync(join(folder, name)).toString("base64")])

/** Opening `file` is refused for `reason`, and leaves everything as it was. */
const isRefused = (file: string, folder: string, reason: string) =>
  Effect.gen(function*() {
    const before = contents(folder)
    const error = yield* Effect.flip(Effect.catchTag(open(file), "SqlError", Effect.die))
    assert.strictEqual(error._tag, "DatabaseRefused")
    assert.strictEqual(error.reason, reason)
    assert.include(error.message, file)
    assert.notInclude(error.message, "\n")
    assert.deepStrictEqual(contents(folder), before)
    return error
  })

describe("Database", () => {
  it.scopedLive("is made whole and private where there is none, and keeps what is acknowledged", () =>
    Effect.gen(function*() {
      const folder = yield* temporaryFolder
      const file = join(folder, "t3.db")
      assert.deepStrictEqual(yield* open(file), [2, "wal", 1])
      assert.deepStrictEqual(fs.readdirSync(folder), ["t3.db"])
      assert.strictEqual(fs.statSync(file).mode & 0o777, 0o600)
      assert.deepStrictEqual(yield* open(file), [2, "wal", 1])
    }))

  it.scopedLive("is never seen with zero bytes, however it begins", () =>
    Effect.gen(function*() {
      const folder = yield* temporaryFolder
      const sizes: Array<number> = []
      const watcher = fs.watch(folder, (_, name) => {
        if (name === "t3.db" && fs.existsSync(join(folder, name))) sizes.push(fs.statSync(join(folder, name)).size)
      })
      yield* open(join(folder, "t3.db"))
      yield* Effect.sleep("100 millis")
      watcher.close()
      assert.isNotEmpty(sizes)
      assert.isAbove(Math.min(...sizes), 0)
    }))

  it.scopedLive("goes on after a beginning that was cut off", () =>
    Effect.gen(function*() {
      const folder = yield* temporaryFolder
      fs.writeFileSync(join(folder, "t3.db.new"), "half")
      assert.deepStrictEqual(yield* open(join(folder, "t3.db")), [2, "wal", 1])
      assert.deepStrictEqual(fs.readdirSync(folder), ["t3.db"])
    }))

  it.scopedLive("makes a database that others can read private", () =>
    Effect.gen(function*() {
      const { file } = yield* sound
      fs.chmodSync(file, 0o644)
      yield* open(file)
      assert.strictEqual(fs.statSync(file).mode & 0o777, 0o600)
    }))

  it.scopedLive("refuses one of zero bytes", () =>
    Effect.gen(function*() {
      const { file, folder } = yield* sound
      fs.truncateSync(file, 0)
      assert.include((yield* isRefused(file, folder, "corrupt")).message, "zero bytes")
    }))

  it.scopedLive("refuses what is no database", () =>
    Effect.gen(function*() {
      const { file, folder } = yield* sound
      fs.writeFileSync(file, "hello\n".repeat(1000))
      assert.include((yield* isRefused(file, folder, "corrupt")).message, "no SQLite database")
      fs.writeFileSync(file, "SQL")
      yield* isRefused(file, folder, "corrupt")
      fs.writeFileSync(file, "SQLite format 3\0")
      yield* isRefused(file, folder, "corrupt")
      fs.writeFileSync(file, `SQLite format 3\0${"x".repeat(5000)}`)
      yield* isRefused(file, folder, "corrupt")
    }))

  it.scopedLive.each([0.9, 0.5, 0.1, 0.02])(
    "refuses one that is cut to %d of its length",
    (part) =>
      Effect.gen(function*() {
        const { file, folder } = yield* sound
        const { size } = fs.statSync(file)
        fs.truncateSync(file, Math.floor(size * part))
        yield* isRefused(file, folder, "corrupt")
        // At the end of a page, too.
        fs.truncateSync(file, Math.ceil(size * part / 2 / 4096) * 4096)
        yield* isRefused(file, folder, "corrupt")
      })
  )

  it.scopedLive("refuses one with damaged pages", () =>
    Effect.gen(function*() {
      const { file, folder } = yield* sound
      const bytes = fs.readFileSync(file)
      bytes.fill(0xa5, 4096 * 3, 4096 * 9)
      fs.writeFileSync(file, bytes)
      const error = yield* isRefused(file, folder, "corrupt")
      assert.include(error.hint, "left as it is")
    }))

  it.scopedLive.each(["t3_server_migrations", "t3_auth_migrations"])(
    "refuses one from a newer version (%s)",
    (table) =>
      Effect.gen(function*() {
        const { file, folder } = yield* sound
        const db = new Sqlite(file)
        db.prepare(`INSERT INTO ${table} (migration_id, name) VALUES (9999, 'later')`).run()
        db.pragma("wal_checkpoint(TRUNCATE)")
        db.close()
        const error = yield* isRefused(file, folder, "newer")
        assert.include(error.hint, "Update t3")
      })
  )

  it.scopedLive("leaves what a newer version wrote last in its side files", () =>
    Effect.gen(function*() {
      const { file, folder } = yield* sound
      const db = new Sqlite(file)
      db.prepare("INSERT INTO t3_server_migrations (migration_id, name) VALUES (9999, 'later')").run()
      const copy = yield* temporaryFolder
      for (const name of ["t3.db", "t3.db-wal"]) fs.copyFileSync(join(folder, name), join(copy, name))
      db.close()
      const written = fs.readFileSync(join(copy, "t3.db-wal"))
      yield* isRefused(join(copy, "t3.db"), copy, "newer")
      assert.isTrue(fs.readFileSync(join(copy, "t3.db-wal")).equals(written))
    }))

  it.scopedLive("tells what it may not read from what is damaged", () =>
    Effect.gen(function*() {
      const { file } = yield* sound
      fs.chmodSync(join(file, ".."), 0o755)
      fs.chmodSync(file, 0o000)
      const error = yield* Effect.flip(asNobody(inspect(file)))
      assert.strictEqual(error.reason, "failed")
      assert.include(error.hint, "permissions")
    }))

  it.scopedLive("refuses where it cannot be made", () =>
    Effect.gen(function*() {
      const folder = yield* temporaryFolder
      yield* isRefused(join(folder, "missing", "t3.db"), folder, "failed")
    }))

  it.scopedLive("reads what a killed server left in its side files", () =>
    Effect.gen(function*() {
      const folder = yield* temporaryFolder
      const file = join(folder, "t3.db")
      yield* open(file)
      const db = new Sqlite(file)
      db.prepare("INSERT INTO t3_environment VALUES ('kept', 'kept', 0)").run()
      const copy = yield* temporaryFolder
      for (const name of ["t3.db", "t3.db-wal"]) fs.copyFileSync(join(folder, name), join(copy, name))
      db.close()
      yield* open(join(copy, "t3.db"))
      const found = new Sqlite(join(copy, "t3.db"))
      assert.deepStrictEqual(found.prepare("SELECT id FROM t3_environment").pluck().all(), ["kept"])
      found.close()
    }))
})
