/**
 * A running T3 server: its listeners, its API, its page and its data directory, as one layer.
 *
 * @since 0.1.0
 */
import type { Access } from "@t3/auth-core/Access"
import { Secret } from "@t3/auth-core/Secret"
import * as SqlStores from "@t3/auth-core/sql/SqlStores"
import { StoreAccess } from "@t3/auth-core/StoreAccess"
import { Tickets } from "@t3/auth-core/Tickets"
import { defaultPort } from "@t3/protocol/ConnectionString"
import type { EnvironmentName } from "@t3/protocol/Environment"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as ExecutionStrategy from "effect/ExecutionStrategy"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Scope from "effect/Scope"
import * as ControlSocket from "./ControlSocket.ts"
import * as DataDirectory from "./DataDirectory.ts"
import { EnvironmentRecord } from "./EnvironmentRecord.ts"
import * as Application from "./http/Application.ts"
import { WebAssets } from "./http/WebAssets.ts"
import { Events } from "./live/Events.ts"
import type { Endpoint } from "./network/Endpoint.ts"
import { Network } from "./network/Network.ts"
import { ProjectStore, resolveFolder } from "./ProjectStore.ts"
import type { StartError } from "./StartError.ts"
import * as Database from "./storage/Database.ts"
import * as DirectoryLock from "./storage/DirectoryLock.ts"
import { webFolder } from "./webFolder.ts"

/** How to start. */
export interface Options {
  /** The data directory, absolute. Created (0700) if missing. */
  readonly baseDir: string
  /** Addresses, names or interfaces of this machine to bind, and nothing else; loopback where absent. */
  readonly hosts?: ReadonlyArray<string>
  /** 0 to 65535; 0 picks a free port; 3773 where absent. */
  readonly port?: number
  /** Hosts to print in place of what is bound. */
  readonly advertiseHosts?: ReadonlyArray<string>
  /** A name for the environment; kept. The machine's host name where there was none. */
  readonly label?: string
  /** A folder that paired devices may work in; becomes a project. */
  readonly cwd?: string
}

export class T3Server extends Context.Tag("@t3/server/T3Server")<T3Server, {
  readonly environment: EnvironmentName
  /** Where it can be reached at this moment; best first, never empty. */
  readonly endpoints: Effect.Effect<ReadonlyArray<Endpoint>>
  /** Administration as the process that started the server (actor `startup`). */
  readonly access: typeof Access.Service
}>() {
  /**
   * Starts a server that runs until the scope of the layer closes: it then stops listening, lets requests under way
   * finish for three seconds, and lets go of the data directory. Hosts and folder are checked before anything is made,
   * the lock comes next, the ports last (`HostRefused`, `FolderRefused`, `DirectoryRefused`, `DirectoryHeld`,
   * `DatabaseRefused`, `PortRefused`).
   */
  static readonly layer = (options: Options): Layer.Layer<T3Server, StartError> =>
    Layer.unwrapScoped(Effect.gen(function*() {
      if (options.cwd !== undefined) yield* resolveFolder(options.cwd)
      const directory = yield* DataDirectory.prepare(options.baseDir)
      yield* DirectoryLock.acquire(directory, "server", Effect.negate(ControlSocket.isAlive(directory.socket)))
      return layerRunning(options, directory)
    })).pipe(Layer.provide(layerNetwork(options)))
}

const layerNetwork = (options: Options) =>
  Network.layer({
    advertiseHosts: options.advertiseHosts ?? [],
    hosts: options.hosts ?? [],
    port: options.port ?? defaultPort
  })

const layerServices = (options: Options, directory: DataDirectory.DataDirectory) =>
  Layer.mergeAll(
    StoreAccess.layer,
    EnvironmentRecord.layer(options.label),
    Events.layer,
    ProjectStore.layer,
    Tickets.layer
  ).pipe(
    Layer.provideMerge(SqlStores.layerServer),
    Layer.provide(Secret.layer),
    Layer.provideMerge(Database.layer(directory.database)),
    Layer.merge(WebAssets.layerFolder(webFolder))
  )

/**
 * Opens the doors, the private one first. They close together: one after the other would take the time of both; and
 * after the live connections, which would keep them open.
 */
const open = (directory: DataDirectory.DataDirectory) =>
  Effect.gen(function*() {
    const application = yield* Application.Application
    const network = yield* Network
    const doors = yield* Scope.fork(yield* Effect.scope, ExecutionStrategy.parallel)
    yield* Scope.extend(ControlSocket.open(directory, application.control), doors)
    yield* Scope.extend(network.serve(application.network), doors)
    yield* Effect.addFinalizer(() => application.stop)
  })

const layerOpen = (options: Options, directory: DataDirectory.DataDirectory) =>
  Layer.scoped(
    T3Server,
    Effect.gen(function*() {
      const { endpoints } = yield* Network
      const as = yield* StoreAccess
      const projects = yield* ProjectStore
      const events = yield* Events
      yield* open(directory)
      // A start that was refused changes nothing, so what it was told is kept only now.
      yield* EnvironmentRecord.keepLabel
      const added = options.cwd === undefined ? Option.none() : yield* projects.ensure(options.cwd)
      if (Option.isSome(added)) yield* events.publish({ _tag: "Project", change: "added", project: added.value })
      return T3Server.of({ access: as({ kind: "startup" }), endpoints, environment: yield* EnvironmentRecord })
    })
  )

const layerRunning = (options: Options, directory: DataDirectory.DataDirectory) =>
  layerOpen(options, directory).pipe(
    Layer.provide(Application.layer),
    Layer.provide(layerServices(options, directory))
  )
