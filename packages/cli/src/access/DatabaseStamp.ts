/**
 * Tells whether a database may have changed without opening it, which takes its directory's lock.
 *
 * @since 0.1.0
 */
import type { DataDirectory } from "@t3/server/DataDirectory"
import * as Effect from "effect/Effect"
import { statSync } from "node:fs"

const stampOf = (file: string): string => {
  const stats = statSync(file, { bigint: true, throwIfNoEntry: false })
  return stats === undefined ? "" : `${stats.ino}:${stats.size}:${stats.mtimeNs}`
}

/** Another text after every change. What was written last may lie in the log beside the database. */
export const of = ({ database }: DataDirectory): Effect.Effect<string> =>
  Effect.sync(() => [database, `${database}-wal`].map(stampOf).join(" "))
