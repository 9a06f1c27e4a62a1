/** A real server on a free loopback port, in a folder of its own, removed with the scope. */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { type Options, T3Server } from "../src/T3Server.ts"

export const temporaryFolder = Effect.acquireRelease(
  Effect.sync(() => mkdtempSync(join(tmpdir(), "t3-server-"))),
  (folder) => Effect.sync(() => rmSync(folder, { force: true, recursive: true }))
)

export const layerServer = (options?: Partial<Options>) =>
  Layer.unwrapScoped(
    Effect.map(temporaryFolder, (folder) => T3Server.layer({ baseDir: join(folder, "data"), port: 0, ...options }))
  )

/** The address of the running server. */
export const baseUrl = Effect.flatMap(
  T3Server,
  (server) => Effect.map(server.endpoints, (all) => all[0]?.connectionString ?? "none")
)

/** A data directory that is not there yet. */
export const dataFolder = Effect.map(temporaryFolder, (folder) => join(folder, "data"))

/** The data directory of the server of `layerMachine`. */
export class BaseDir extends Context.Tag("@t3/server/test/BaseDir")<BaseDir, string>() {}

/** A server whose data directory is known, so that it can be asked over its control socket. */
export const layerMachine = (options?: Partial<Options>) =>
  Layer.unwrapScoped(
    Effect.map(dataFolder, (baseDir) =>
      Layer.merge(Layer.succeed(BaseDir, baseDir), T3Server.layer({ baseDir, port: 0, ...options })))
  )

/** A server that runs until the scope closes, on a free port where none is named. */
export const startServer = (options: Options) =>
  Effect.gen(function*() {
    const server = yield* Effect.provide(T3Server, yield* Layer.build(T3Server.layer({ port: 0, ...options })))
    const endpoints = (yield* server.endpoints).map((endpoint) => endpoint.connectionString)
    return { ...server, base: endpoints[0] ?? "none", endpoints }
  })

export const portOf = (base: string) => Number(new URL(base).port)

/** How a server answers who asks with this token. */
export const statusOf = (base: string, token: string) =>
  Effect.promise(() =>
    fetch(`${base}/api/session`, { headers: { authorization: `Bearer ${token}` } }).then(({ status }) => status)
  )
