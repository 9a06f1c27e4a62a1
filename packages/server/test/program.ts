/** What tests run in a process of its own: a server, or a holder of a data directory. */
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as Console from "effect/Console"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as DataDirectory from "../src/DataDirectory.ts"
import * as DirectoryLock from "../src/storage/DirectoryLock.ts"
import { T3Server } from "../src/T3Server.ts"

const [command, argument = ""] = process.argv.slice(2)

const say = (value: unknown) => Console.log(JSON.stringify(value))

/** Says where it listens and an owner's token, and runs until a signal. */
const serve = Effect.gen(function*() {
  const server = Context.get(yield* Layer.build(T3Server.layer(JSON.parse(argument))), T3Server)
  const endpoints = yield* server.endpoints
  const { token } = yield* server.access.issuePairing({ label: "", role: "owner", ttl: 300 })
  yield* say({
    endpoints: endpoints.map((endpoint) => endpoint.connectionString),
    environment: server.environment,
    token: Redacted.value(token)
  })
  yield* Effect.never
})

/** Says when it has the lock, and keeps it for some milliseconds. */
const hold = Effect.gen(function*() {
  const { baseDir, kind, millis } = JSON.parse(argument)
  const directory = yield* DataDirectory.prepare(baseDir)
  yield* DirectoryLock.acquire(directory, kind, Effect.succeed(false))
  yield* say({ held: true })
  yield* Effect.sleep(millis)
})

const refused = (error: { readonly _tag: string; readonly message: string }) =>
  say({ _tag: error._tag, message: error.message })

NodeRuntime.runMain(Effect.scoped(Effect.catchAll(command === "serve" ? serve : hold, refused)))
