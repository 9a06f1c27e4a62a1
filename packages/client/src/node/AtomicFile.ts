/**
 * A small private file that is replaced whole under a lock, so that no crash and no race leaves half of it.
 *
 * @since 0.1.0
 */
import { Unavailable } from "@t3/protocol/Errors"
import * as Effect from "effect/Effect"
import * as Predicate from "effect/Predicate"
import { mkdir, open, readFile, rename, rm } from "node:fs/promises"
import { dirname } from "node:path"

const codeOf = (cause: unknown): string => Predicate.hasProperty(cause, "code") ? String(cause.code) : "unknown reason"

const explain = (code: string): string => code === "ELOCKED" ? "another program has been changing it for a while" : code

const attempt = <A>(verb: string, file: string, run: () => Promise<A>): Effect.Effect<A, Unavailable> =>
  Effect.tryPromise({
    try: run,
    catch: (cause) =>
      new Unavailable({
        hint: "Check the file, its directory and the space on the disk.",
        message: `${file} cannot be ${verb} (${explain(codeOf(cause))}).`
      })
  })

/** The text of the file; `undefined` where there is none. */
export const read = (file: string): Effect.Effect<string | undefined, Unavailable> =>
  attempt("read", file, () =>
    readFile(file, "utf8").catch((cause: unknown) => {
      if (codeOf(cause) === "ENOENT") return undefined
      throw cause
    }))

/** Windows has no way to flush a directory; its file systems journal a rename by themselves. */
const syncDirectory = async (directory: string): Promise<void> => {
  if (process.platform === "win32") return
  const handle = await open(directory, "r")
  await handle.sync().finally(() => handle.close())
}

const replaceNow = async (file: string, text: string): Promise<void> => {
  const next = `${file}.tmp`
  // What a crash left there may be readable by others: the new one must be created, not reused.
  await rm(next, { force: true })
  const handle = await open(next, "wx", 0o600)
  try {
    await handle.writeFile(text)
    await handle.sync()
  } finally {
    await handle.close()
  }
  await rename(next, file)
  await syncDirectory(dirname(file))
}

/** Replaces the file, durably, readable by its owner alone. Call it under `withLock`. */
export const replace = (file: string, text: string): Effect.Effect<void, Unavailable> =>
  attempt("written", file, () =>
    replaceNow(file, text).catch(async (cause: unknown) => {
      await rm(`${file}.tmp`, { force: true }).catch(() => undefined)
      throw cause
    })).pipe(Effect.uninterruptible)

/** A process that died with the lock is waited for as long as `stale`; others hold it for milliseconds. */
const lockOptions = {
  realpath: false,
  retries: { factor: 1, maxTimeout: 100, minTimeout: 20, randomize: true, retries: 300 },
  stale: 5_000
}

const acquire = async (file: string) => {
  await mkdir(dirname(file), { mode: 0o700, recursive: true })
  // Loaded here, since it hooks the process's signals, which a program that only reads has no need of.
  // Its `default`, since a bundler gives a CommonJS module no other export.
  const { default: { lock } } = await import("proper-lockfile")
  // A lock counts as lost if its holder shows no life for `stale`: this machine slept. The file is whole even then.
  return lock(file, { ...lockOptions, onCompromised: () => undefined })
}

/** Runs `change` while no other process, and nothing else in this one, changes the file. Creates its directory. */
export const withLock =
  (file: string) => <A, E, R>(change: Effect.Effect<A, E, R>): Effect.Effect<A, E | Unavailable, R> =>
    Effect.acquireUseRelease(
      attempt("locked", file, () => acquire(file)),
      () => change,
      (release) => Effect.ignore(Effect.tryPromise(release))
    )
