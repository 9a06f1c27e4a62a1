/**
 * One writer per data directory: a lock that the operating system frees when its holder dies.
 *
 * It is SQLite's own file lock, held by an open transaction on a file that holds nothing but the name of the holder.
 * Nothing else may open that file in this process: closing any descriptor of it would drop the lock (POSIX).
 *
 * @since 0.1.0
 */
import Sqlite from "better-sqlite3"
import * as Clock from "effect/Clock"
import * as Data from "effect/Data"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import { chmodSync } from "node:fs"
import type { DataDirectory } from "../DataDirectory.ts"
import { DatabaseRefused, type DirectoryHeld } from "../StartError.ts"
import { heldBy, Holder } from "./Holder.ts"

class Busy extends Data.TaggedError("Busy")<{ readonly holder: Holder | undefined }> {}

/** How long a server, or a command, waits for another that holds the directory for a moment. */
export const patience = Duration.seconds(5)

const isBusy = (cause: unknown): boolean => cause instanceof Sqlite.SqliteError && cause.code.startsWith("SQLITE_BUSY")

const readHolder = (db: Sqlite.Database): Holder | undefined => {
  try {
    const row = db.prepare("SELECT kind, pid, since FROM holder").get()
    return Schema.is(Holder)(row) ? row : undefined
  } catch {
    // The file is new, or its holder is writing its name this very moment.
    return undefined
  }
}

/** Writes the name first, then takes the lock again and keeps it: others can read the name meanwhile. */
const take = (db: Sqlite.Database, holder: Holder): void => {
  db.pragma("journal_mode = DELETE")
  db.exec("BEGIN IMMEDIATE")
  db.exec("CREATE TABLE IF NOT EXISTS holder (kind TEXT, pid INTEGER, since INTEGER); DELETE FROM holder")
  db.prepare("INSERT INTO holder VALUES (?, ?, ?)").run(holder.kind, holder.pid, holder.since)
  db.exec("COMMIT")
  db.exec("BEGIN IMMEDIATE")
}

const hintOf = (code: string): string => {
  if (/^SQLITE_(FULL|IOERR)/.test(code)) return "Look at the disk: it is full, or does not answer."
  return /^SQLITE_(CANTOPEN|READONLY|PERM)/.test(code)
    ? "Correct the permissions of the folder and of the file, then try again."
    : "Move it away; it holds nothing but the name of the process that uses the directory."
}

/** SQLite says what is wrong with the file; anything else was wrong before it looked: its native part did not load. */
const unusable = (directory: DataDirectory, cause: unknown): DatabaseRefused => {
  const reason = (cause instanceof Error ? cause.message : "unknown").replace(/\s+/g, " ")
  return cause instanceof Sqlite.SqliteError
    ? new DatabaseRefused({
      hint: hintOf(cause.code),
      message: `The lock file ${directory.lock} cannot be used (${reason}).`,
      reason: "failed"
    })
    : new DatabaseRefused({
      hint: "Run `npm rebuild better-sqlite3` where t3 is installed, and allow its install script if npm asks.",
      message: `SQLite does not load in Node ${process.versions.node}: ${reason}`,
      reason: "failed"
    })
}

const attempt = (directory: DataDirectory, holder: Holder): Effect.Effect<Sqlite.Database, Busy | DatabaseRefused> =>
  Effect.suspend((): Effect.Effect<Sqlite.Database, Busy | DatabaseRefused> => {
    let db: Sqlite.Database | undefined
    try {
      db = new Sqlite(directory.lock, { timeout: 0 })
      chmodSync(directory.lock, 0o600)
      take(db, holder)
      return Effect.succeed(db)
    } catch (cause) {
      const known = db !== undefined && isBusy(cause) ? readHolder(db) : undefined
      db?.close()
      return isBusy(cause)
        ? new Busy({ holder: known })
        : unusable(directory, cause)
    }
  })

/**
 * Holds the directory until the scope closes. Waits for up to five seconds while `worthWaiting` says so
 * (`DirectoryHeld`, which says who has it and, of a server, where it listens; `DatabaseRefused`).
 */
export const acquire = (
  directory: DataDirectory,
  kind: Holder["kind"],
  worthWaiting: Effect.Effect<boolean>
): Effect.Effect<void, DirectoryHeld | DatabaseRefused, Scope.Scope> =>
  Effect.gen(function*() {
    const since = yield* Clock.currentTimeMillis
    const again = Schedule.spaced("50 millis").pipe(Schedule.intersect(Schedule.recurUpTo(patience)))
    yield* Effect.acquireRelease(
      Effect.retry(attempt(directory, { kind, pid: process.pid, since }), {
        schedule: again,
        while: (error) => error._tag === "Busy" ? worthWaiting : Effect.succeed(false)
      }),
      (db) => Effect.sync(() => db.close())
    )
  }).pipe(
    Effect.catchTag("Busy", ({ holder }) => Effect.flatMap(heldBy(directory, holder), Effect.fail))
  )
