/**
 * The stores of an environment whose server does not run, for a command that holds its data directory for a moment.
 *
 * @since 0.1.0
 */
import type { Access } from "@t3/auth-core/Access"
import * as SqlStores from "@t3/auth-core/sql/SqlStores"
import * as StoreAccess from "@t3/auth-core/StoreAccess"
import type { LocalActor } from "@t3/protocol/Actor"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as ControlSocket from "./ControlSocket.ts"
import type { DataDirectory } from "./DataDirectory.ts"
import type { StartError } from "./StartError.ts"
import * as Database from "./storage/Database.ts"
import * as DirectoryLock from "./storage/DirectoryLock.ts"

/** Administration as `actor`, under the lock; waits for another command, not for a server (`DirectoryHeld`, `DatabaseRefused`). */
export const layerAccess = (
  directory: DataDirectory,
  actor: { readonly kind: LocalActor }
): Layer.Layer<Access, StartError> =>
  Layer.unwrapScoped(Effect.as(
    DirectoryLock.acquire(directory, "command", Effect.negate(ControlSocket.isAlive(directory.socket))),
    StoreAccess.layerFor(actor).pipe(
      Layer.provide(StoreAccess.StoreAccess.layer),
      Layer.provide(SqlStores.layer),
      Layer.provide(Database.layer(directory.database))
    )
  ))
