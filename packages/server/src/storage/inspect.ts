/** A look at a database file before anything opens it for writing: what is not sound is left as it is. */
import * as AuthMigrations from "@t3/auth-core/sql/AuthMigrations"
import Sqlite from "better-sqlite3"
import * as Effect from "effect/Effect"
import * as fs from "node:fs"
import { DatabaseRefused } from "../StartError.ts"
import * as ServerMigrations from "./ServerMigrations.ts"

const magic = "SQLite format 3\0"

const corrupt = (file: string, what: string) =>
  new DatabaseRefused({
    hint:
      `It was left as it is. Restore it from a backup, or move it away to start anew; paired devices then pair again.`,
    message: `The database ${file} is damaged: ${what}.`,
    reason: "corrupt"
  })

const unreadable = (file: string, what: string) =>
  new DatabaseRefused({
    hint: "Correct its permissions, or end what else uses it, then start again.",
    message: `The database ${file} cannot be read: ${what}.`,
    reason: "failed"
  })

const isDamage = (cause: unknown): cause is Error =>
  cause instanceof Sqlite.SqliteError && (cause.code.startsWith("SQLITE_CORRUPT") || cause.code === "SQLITE_NOTADB")

const newer = (file: string) =>
  new DatabaseRefused({
    hint: "Update t3, or choose another --base-dir. The database was left as it is.",
    message: `The database ${file} was made by a later version of t3.`,
    reason: "newer"
  })

const startOf = (file: string): string => {
  const descriptor = fs.openSync(file, "r")
  try {
    const header = Buffer.alloc(magic.length)
    return header.toString("latin1", 0, fs.readSync(descriptor, header, 0, magic.length, 0))
  } finally {
    fs.closeSync(descriptor)
  }
}

/** What a database is to this version: not there yet, of this version, of an earlier one. */
export type Age = "missing" | "current" | "older"

/** How many steps a database is ahead of this version, of each kind of its migrations; behind, if negative. */
const stepsAhead = (db: Sqlite.Database): ReadonlyArray<number> =>
  [AuthMigrations, ServerMigrations].map(({ latest, table }) => {
    const known = db.prepare("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?").get(table)
    return known === undefined
      ? -latest
      : Number(db.prepare(`SELECT max(migration_id) FROM ${table}`).pluck().get() ?? 0) - latest
  })

const ageOf = (file: string, db: Sqlite.Database): Effect.Effect<Age, DatabaseRefused> => {
  const steps = stepsAhead(db)
  if (steps.some((step) => step > 0)) return newer(file)
  return Effect.succeed(steps.some((step) => step < 0) ? "older" : "current")
}

/** Passes for a file that is missing or sound, of this version or an earlier one (`DatabaseRefused`). */
export const inspect = (file: string): Effect.Effect<Age, DatabaseRefused> =>
  Effect.suspend((): Effect.Effect<Age, DatabaseRefused> => {
    if (!fs.existsSync(file)) return Effect.succeed("missing")
    let db: Sqlite.Database | undefined
    try {
      if (fs.statSync(file).size === 0) return corrupt(file, "it has zero bytes")
      if (startOf(file) !== magic) return corrupt(file, "it is no SQLite database")
      db = new Sqlite(file, { readonly: true, timeout: 100 })
      const verdict = db.pragma("quick_check(1)", { simple: true })
      if (verdict !== "ok") return corrupt(file, String(verdict).replace(/\s+/g, " "))
      return ageOf(file, db)
    } catch (cause) {
      return isDamage(cause)
        ? corrupt(file, cause.message)
        : unreadable(file, cause instanceof Error ? cause.message : "unknown")
    } finally {
      db?.close()
    }
  })
