/**
 * The stores of an environment whose server does not run, for a command that works on its data directory for a moment.
 *
 * @since 0.1.0
 */
import { Access } from "@t3/auth-core/Access"
import * as SqlStores from "@t3/auth-core/sql/SqlStores"
import * as StoreAccess from "@t3/auth-core/StoreAccess"
import type { LocalActor } from "@t3/protocol/Actor"
import { type Refusal, Unavailable } from "@t3/protocol/Errors"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { existsSync } from "node:fs"
import * as ControlSocket from "./ControlSocket.ts"
import type { DataDirectory } from "./DataDirectory.ts"
import type { StartError } from "./StartError.ts"
import * as Database from "./storage/Database.ts"
import * as DirectoryLock from "./storage/DirectoryLock.ts"
import { inspect } from "./storage/inspect.ts"

interface Actor {
  readonly kind: LocalActor
}

/** Administration as `actor` over an open database. */
const layerStores = (actor: Actor) =>
  StoreAccess.layerFor(actor).pipe(
    Layer.provide(StoreAccess.StoreAccess.layer),
    Layer.provide(SqlStores.layer)
  )

const layerLocked = (directory: DataDirectory, actor: Actor): Layer.Layer<Access, StartError> =>
  Layer.unwrapScoped(Effect.as(
    DirectoryLock.acquire(directory, "command", Effect.negate(ControlSocket.isAlive(directory.socket))),
    Layer.provide(layerStores(actor), Database.layer(directory.database))
  ))

/** What comes in the way of a change that was not foreseen when reading began. */
const unavailable = ({ hint, message }: StartError): Unavailable => new Unavailable({ hint, message })

/** Reads without a lock, and takes it, making its file, for the first change. */
const layerUnlocked = (directory: DataDirectory, actor: Actor): Layer.Layer<Access, StartError> =>
  Layer.scoped(
    Access,
    Effect.gen(function*() {
      const reading = yield* Layer.build(Layer.provide(layerStores(actor), Database.layerReading(directory.database)))
      const locked = yield* Effect.cached(
        Layer.buildWithScope(layerLocked(directory, actor), yield* Effect.scope).pipe(Effect.mapError(unavailable))
      )
      const changing = <A>(change: (access: typeof Access.Service) => Effect.Effect<A, Refusal>) =>
        Effect.flatMap(locked, (context) => change(Context.get(context, Access)))
      return Access.of({
        ...Context.get(reading, Access),
        issuePairing: (request) => changing((access) => access.issuePairing(request)),
        issueSession: (request) => changing((access) => access.issueSession(request)),
        renameSession: (id, label) => changing((access) => access.renameSession(id, label)),
        revokeAllSessions: changing((access) => access.revokeAllSessions),
        revokeOtherSessions: changing((access) => access.revokeOtherSessions),
        revokePairing: (id) => changing((access) => access.revokePairing(id)),
        revokeSession: (id, request) => changing((access) => access.revokeSession(id, request))
      })
    })
  )

/** Whether a database lies there that no process has ever locked, such as one that was restored from a backup. */
const neverLocked = ({ database, lock }: DataDirectory) =>
  existsSync(lock) ? Effect.succeed(false) : Effect.map(inspect(database), (age) => age === "current")

/**
 * Administration as `actor`, under the lock; waits for another command, not for a server (`DirectoryHeld`,
 * `DatabaseRefused`). Where the file of the lock is missing, reading does not make it.
 */
export const layerAccess = (directory: DataDirectory, actor: Actor): Layer.Layer<Access, StartError> =>
  Layer.unwrapEffect(
    Effect.map(neverLocked(directory), (free) => (free ? layerUnlocked : layerLocked)(directory, actor))
  )
