/**
 * Administration of the environment on this machine: through the control socket of a running server, else in its
 * database, under the lock of the data directory.
 *
 * @since 0.1.0
 */
import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import { Access } from "@t3/auth-core/Access"
import * as T3Client from "@t3/client/T3Client"
import { NotFound, type Refusal, Unreachable } from "@t3/protocol/Errors"
import { isAlive } from "@t3/server/ControlSocket"
import * as DataDirectory from "@t3/server/DataDirectory"
import * as LocalStores from "@t3/server/LocalStores"
import type { StartError } from "@t3/server/StartError"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
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
const within = (directory: DataDirectory.DataDirectory): HttpAccess.Around => {
  const silent = () =>
    new Unreachable({
      hint: "Stop the process of that server (`t3 serve` or `t3 start`), and try again.",
      message: `A server runs in ${directory.path}, but it does not answer.`
    })
  return (call) =>
    call.pipe(
      Effect.mapError((refusal) => refusal._tag === "Unreachable" ? silent() : refusal),
      Effect.timeoutFail({ duration: patience, onTimeout: silent })
    )
}

const throughSocket = (directory: DataDirectory.DataDirectory): Layer.Layer<Access | ServerAddress> =>
  Layer.unwrapEffect(Effect.map(T3Client.make({ connectionString: controlUrl }), (client) =>
    Layer.merge(
      Layer.succeed(Access, HttpAccess.make(client, within(directory))),
      Layer.succeed(ServerAddress, {
        best: client.session.environment({}).pipe(
          within(directory),
          Effect.map(({ endpoints }) => Option.fromNullable(endpoints[0]))
        )
      })
    ))).pipe(
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
      issuePairing: () => nothing(baseDir),
      issueSession: () => nothing(baseDir),
      listPairings: () => Effect.succeed({ items: [] }),
      listSessions: () => Effect.succeed({ items: [] }),
      renameSession: () => nothing(baseDir),
      revokeOtherSessions: nothing(baseDir),
      revokePairing: () => nothing(baseDir),
      revokeSession: () => nothing(baseDir)
    }),
    noServer
  )

/** What to administer. */
export interface Options {
  /** The data directory, absolute. */
  readonly baseDir: string
  /** Whether an environment begins here if there is none: for what makes links and sessions. */
  readonly create: boolean
}

/** For a data directory, whether or not a server runs there (`StartError`, any `Refusal`). */
export const layer = ({ baseDir, create }: Options): Layer.Layer<Access | ServerAddress, StartError | Refusal> =>
  Layer.unwrapEffect(Effect.gen(function*() {
    const found = yield* create ? Effect.asSome(DataDirectory.prepare(baseDir)) : DataDirectory.find(baseDir)
    if (Option.isNone(found)) return throughNothing(baseDir)
    const directory = found.value
    if (yield* isAlive(directory.socket)) return throughSocket(directory)
    return create || existsSync(directory.database) ? throughDatabase(directory) : throughNothing(baseDir)
  }))
