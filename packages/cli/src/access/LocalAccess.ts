/**
 * Administration of the environment on this machine: through the control socket of a running server, else in its
 * database, under the lock of the data directory.
 *
 * @since 0.1.0
 */
import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import * as HttpClient from "@effect/platform/HttpClient"
import { Access } from "@t3/auth-core/Access"
import * as EventStream from "@t3/client/EventStream"
import * as T3Client from "@t3/client/T3Client"
import { NotFound, type Refusal, Unreachable } from "@t3/protocol/Errors"
import * as ControlKey from "@t3/server/ControlKey"
import { isAlive } from "@t3/server/ControlSocket"
import * as DataDirectory from "@t3/server/DataDirectory"
import * as LocalStores from "@t3/server/LocalStores"
import type { StartError } from "@t3/server/StartError"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import { existsSync } from "node:fs"
import type { AgentOptions } from "node:https"
import * as HttpAccess from "./HttpAccess.ts"
import { ServerAddress } from "./ServerAddress.ts"

/** The socket decides where a call goes; the name in the URL is only what HTTP asks for. */
const controlUrl = "http://localhost"

/** Node's agent hands its options on to `net.connect`, which has this one; its type does not say so. */
const agentOptions = (directory: DataDirectory.DataDirectory): AgentOptions & { readonly socketPath: string } => ({
  socketPath: directory.socket
})

/** How long the server here may take; it does no more than look something up. */
const patience = "10 seconds"

/** The address of the socket says nothing to a person: what does not answer is a process on this machine. */
const silent = (directory: DataDirectory.DataDirectory): Unreachable =>
  new Unreachable({
    hint: "Stop the process of that server (`t3 serve` or `t3 start`), and try again.",
    message: `A server runs in ${directory.path}, but it does not answer.`
  })

const explain = (directory: DataDirectory.DataDirectory) => (refusal: Refusal): Refusal =>
  refusal._tag === "Unreachable" ? silent(directory) : refusal

const within = (directory: DataDirectory.DataDirectory): HttpAccess.Around => (call) =>
  call.pipe(
    Effect.mapError(explain(directory)),
    Effect.timeoutFail({ duration: patience, onTimeout: () => silent(directory) })
  )

/** What the server tells, for as long as it tells anything. */
const eventsOf = (directory: DataDirectory.DataDirectory) =>
  Effect.map(HttpClient.HttpClient, (http) =>
    EventStream.follow({ connectionString: controlUrl }, {}).pipe(
      Stream.mapError(explain(directory)),
      Stream.provideService(HttpClient.HttpClient, http)
    ))

const throughSocket = (directory: DataDirectory.DataDirectory): Layer.Layer<Access | ServerAddress> =>
  Layer.unwrapEffect(Effect.gen(function*() {
    const client = yield* T3Client.make({ connectionString: controlUrl })
    return Layer.merge(
      Layer.succeed(Access, HttpAccess.make(client, yield* eventsOf(directory), within(directory))),
      Layer.succeed(ServerAddress, {
        best: client.session.environment({}).pipe(
          within(directory),
          Effect.map(({ endpoints }) => Option.fromNullable(endpoints[0]))
        )
      })
    )
  })).pipe(
    Layer.provide(ControlKey.layerClient(directory)),
    Layer.provide(NodeHttpClient.layerWithoutAgent),
    Layer.provide(NodeHttpClient.makeAgentLayer(agentOptions(directory)))
  )

const noServer = Layer.succeed(ServerAddress, { best: Effect.succeedNone })

/** A command's hold on the directory makes a starting server wait; a server that came first takes the call instead. */
const throughDatabase = (directory: DataDirectory.DataDirectory) =>
  Layer.merge(LocalStores.layerAccess(directory, { kind: "cli" }), noServer).pipe(
    Layer.catchAll((error) =>
      Layer.unwrapEffect(
        Effect.map(isAlive(directory.socket), (alive) =>
          alive && error._tag === "DirectoryHeld" ? throughSocket(directory) : Layer.fail(error))
      )
    )
  )

const nothing = (baseDir: string) =>
  new NotFound({
    hint: "Name another folder with --base-dir or T3_HOME, or start with `t3 serve`.",
    message: `There is no environment in ${baseDir}.`
  })

/** Where there is nothing, reading finds nothing and makes nothing. */
const throughNothing = (baseDir: string): Layer.Layer<Access | ServerAddress> =>
  Layer.merge(
    Layer.succeed(Access, {
      followLog: () => Stream.fail(nothing(baseDir)),
      issuePairing: () => nothing(baseDir),
      issueSession: () => nothing(baseDir),
      listPairings: () => Effect.succeed({ items: [] }),
      listSessions: () => Effect.succeed({ items: [] }),
      readLog: () => Effect.succeed({ items: [] }),
      renameSession: () => nothing(baseDir),
      revokeAllSessions: nothing(baseDir),
      revokeOtherSessions: nothing(baseDir),
      revokePairing: () => nothing(baseDir),
      revokeSession: () => nothing(baseDir)
    }),
    noServer
  )

/** How an environment can be reached at this moment: its server, its database, or not at all since there is none. */
export type Way =
  | { readonly _tag: "Server"; readonly directory: DataDirectory.DataDirectory }
  | { readonly _tag: "Database"; readonly directory: DataDirectory.DataDirectory }
  | { readonly _tag: "Nothing"; readonly baseDir: string }

/** Looks which way there is, and makes nothing. `baseDir` is absolute. */
export const look = (baseDir: string): Effect.Effect<Way, StartError> =>
  Effect.flatMap(
    DataDirectory.find(baseDir),
    Option.match({
      onNone: () => Effect.succeed<Way>({ _tag: "Nothing", baseDir }),
      onSome: (directory) =>
        Effect.map(isAlive(directory.socket), (alive): Way => {
          if (alive) return { _tag: "Server", directory }
          return existsSync(directory.database) ? { _tag: "Database", directory } : { _tag: "Nothing", baseDir }
        })
    })
  )

/** Administration that way. Through a database it holds the directory for as long as the layer lives: not to be followed. */
export const through = (way: Way): Layer.Layer<Access | ServerAddress, StartError> =>
  way._tag === "Server"
    ? throughSocket(way.directory)
    : way._tag === "Database"
    ? throughDatabase(way.directory)
    : throughNothing(way.baseDir)

const notRunning = (baseDir: string) =>
  new NotFound({
    hint: "Start one with `t3 serve`, which prints a link, too; or name another folder with --base-dir or T3_HOME.",
    message: `No server runs in ${baseDir}.`
  })

/** What to administer. */
export interface Options {
  /** The data directory, absolute. */
  readonly baseDir: string
  /** Where no server runs: `use` what is there, `begin` an environment if there is none, or `refuse` (`NotFound`). */
  readonly offline: "use" | "begin" | "refuse"
}

/** For a data directory, whether or not a server runs there (`StartError`, any `Refusal`). */
export const layer = (
  { baseDir, offline }: Options
): Layer.Layer<Access | ServerAddress, StartError | Refusal> =>
  Layer.unwrapEffect(Effect.gen(function*() {
    const prepared = offline === "begin" ? Option.some(yield* DataDirectory.prepare(baseDir)) : Option.none()
    const way = yield* look(baseDir)
    if (way._tag === "Server") return through(way)
    if (offline === "refuse") return yield* notRunning(baseDir)
    return Option.match(prepared, { onNone: () => through(way), onSome: throughDatabase })
  }))
