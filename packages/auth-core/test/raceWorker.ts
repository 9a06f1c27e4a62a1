/** One of several processes that race for one pairing token, each over database connections of its own. */
import * as SqliteClient from "@effect/sql-sqlite-node/SqliteClient"
import * as SqlClient from "@effect/sql/SqlClient"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as Redacted from "effect/Redacted"
import * as Schedule from "effect/Schedule"
import * as Scope from "effect/Scope"
import { PairingStore } from "../src/PairingStore.ts"
import * as SqlStores from "../src/sql/SqlStores.ts"

/** What the test sends: a token to race for, from a moment on. */
export interface Start {
  readonly token: string
  readonly at: number
  readonly key?: string
}

/** What each connection answers: its session, or the tag of the refusal. */
export type Answer = { readonly sessionId: string; readonly secret: string } | { readonly refused: string }

const connections = 8

/** A busy database is an answer, not a wait: one process cannot wait for itself. */
const layerClient = (filename: string) =>
  Layer.effectDiscard(
    Effect.flatMap(SqlClient.SqlClient, (sql) =>
      Effect.all([sql`PRAGMA busy_timeout = 2`, sql`PRAGMA synchronous = FULL`, sql`PRAGMA foreign_keys = ON`]))
  ).pipe(Layer.provideMerge(SqliteClient.layer({ filename })))

const connect = (filename: string) =>
  Effect.gen(function*() {
    const scope = yield* Scope.make()
    const stores = yield* Layer.buildWithScope(Layer.provide(SqlStores.layer, layerClient(filename)), scope)
    return Context.get(stores, PairingStore)
  })

const race = (pairings: typeof PairingStore.Service, { key, token }: Start): Effect.Effect<Answer> =>
  pairings.redeem({
    device: {},
    token: Redacted.make(token),
    ...(key === undefined ? {} : { idempotencyKey: Redacted.make(key) })
  }).pipe(
    Effect.retry({
      schedule: Schedule.jittered(Schedule.spaced("3 millis")),
      while: (error) => error._tag === "Unavailable"
    }),
    Effect.either,
    Effect.map(Either.match({
      onLeft: ({ _tag }): Answer => ({ refused: _tag }),
      onRight: ({ secrets, session }): Answer => ({ secret: Redacted.value(secrets), sessionId: session.id })
    }))
  )

const program = Effect.gen(function*() {
  const stores = yield* Effect.replicateEffect(connect(process.argv[2] ?? ""), connections)
  process.on("message", (start: Start) => {
    setTimeout(async () => {
      const answers = await Effect.runPromise(
        Effect.forEach(stores, (pairings) => race(pairings, start), { concurrency: "unbounded" }).pipe(
          Effect.provide(Logger.remove(Logger.defaultLogger))
        )
      )
      process.send?.(answers)
    }, start.at - Date.now())
  })
  process.send?.("ready")
})

await Effect.runPromise(program)
