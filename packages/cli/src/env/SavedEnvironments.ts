/**
 * The environments that this machine is paired with, kept beside the server's own data.
 *
 * @since 0.1.0
 */
import type { SavedEnvironment } from "@t3/client/EnvironmentStore"
import * as FileEnvironmentStore from "@t3/client/node/FileEnvironmentStore"
import * as DataDirectory from "@t3/server/DataDirectory"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Option from "effect/Option"
import * as Settings from "../Settings.ts"

/** The store of the data directory that `--base-dir` names. Reading creates nothing. */
export const layer = (baseDir: Option.Option<string>) =>
  Layer.unwrapEffect(Effect.gen(function*() {
    const path = yield* Settings.baseDir(baseDir)
    yield* DataDirectory.find(path)
    return FileEnvironmentStore.layer({ file: DataDirectory.at(path).environments })
  }))

/** The same, in a data directory that is ready to be written to: created if missing, and private. */
export const layerWritable = (baseDir: Option.Option<string>) =>
  Layer.unwrapEffect(Effect.gen(function*() {
    const { environments } = yield* Effect.flatMap(Settings.baseDir(baseDir), DataDirectory.prepare)
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
