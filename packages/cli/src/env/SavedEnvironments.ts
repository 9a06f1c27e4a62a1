/**
 * The environments that this machine is paired with, kept beside the server's own data.
 *
 * @since 0.1.0
 */
import type { SavedEnvironment } from "@t3/client/EnvironmentStore"
import * as FileEnvironmentStore from "@t3/client/node/FileEnvironmentStore"
import { Unavailable } from "@t3/protocol/Errors"
import * as DataDirectory from "@t3/server/DataDirectory"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"
import { mkdtemp, rm, rmdir, writeFile } from "node:fs/promises"
import { join } from "node:path"
import * as Settings from "../Settings.ts"

/** The store of the data directory that `--base-dir` names. Reading creates nothing. */
export const layer = (baseDir: Option.Option<string>) =>
  Layer.unwrapEffect(Effect.gen(function*() {
    const path = yield* Settings.baseDir(baseDir)
    yield* DataDirectory.find(path)
    return FileEnvironmentStore.layer({ file: DataDirectory.at(path).environments })
  }))

/** The data directory, ready to be written to. If it was made for this and nothing was put into it, it goes again. */
const prepared = (path: string) =>
  Effect.gen(function*() {
    const existed = Option.isSome(yield* DataDirectory.find(path))
    const removeIfEmpty = Effect.ignore(Effect.tryPromise(() => rmdir(path)))
    return yield* Effect.acquireRelease(
      DataDirectory.prepare(path),
      () => existed ? Effect.void : removeIfEmpty
    )
  })

/** Writes a file beside the store's and removes it: what cannot be kept must not be asked for. */
const proveWritable = (file: string) =>
  Effect.tryPromise({
    try: async () => {
      const folder = await mkdtemp(`${file}.`)
      await writeFile(join(folder, "probe"), "probe").finally(() => rm(folder, { recursive: true }))
    },
    catch: (cause) =>
      new Unavailable({
        hint: "Check the rights there and the space on the disk, or choose another folder with --base-dir.",
        message: `${file} cannot be written (${
          Predicate.hasProperty(cause, "code") ? String(cause.code) : "unknown reason"
        }).`
      })
  })

/** The store in a data directory that is created if missing, private, one's own, and proved to be writable. */
export const layerWritable = (baseDir: Option.Option<string>) =>
  Layer.unwrapScoped(Effect.gen(function*() {
    const { environments } = yield* Effect.flatMap(Settings.baseDir(baseDir), prepared)
    yield* proveWritable(environments)
    return FileEnvironmentStore.layer({ file: environments })
  }))

/** What may be shown of one: everything but the secret. */
export const toJson = ({ connectionString, environmentId, label, name, role, scopes }: SavedEnvironment) => ({
  name,
  label,
  environmentId,
  connectionString,
  role,
  scopes
})
