import { assert, it } from "@effect/vitest"
import { Secret } from "@t3/auth-core/Secret"
import { SessionStore } from "@t3/auth-core/SessionStore"
import * as SqlStores from "@t3/auth-core/sql/SqlStores"
import { StoreAccess } from "@t3/auth-core/StoreAccess"
import { Effect, Layer } from "effect"
import type { AddressInfo, Socket } from "node:net"
import { join } from "node:path"
import { WebSocketServer } from "ws"
import { capture } from "../../test/capture.ts"
import { offer, outcome } from "../../test/live.ts"
import { until } from "../../test/until.ts"
import { temporaryFolder } from "../../test/withServer.ts"
import { EnvironmentRecord } from "../EnvironmentRecord.ts"
import * as Database from "../storage/Database.ts"
import { Events } from "./Events.ts"
import * as Live from "./Live.ts"
import { Sockets } from "./Sockets.ts"

/** Whose lists break, each in another way, with a cause that is nobody's business. */
const layerBroken = Layer.effect(
  StoreAccess,
  Effect.map(StoreAccess, (as) => (actor) => ({
    ...as(actor),
    listPairings: () => Effect.die(new Error("kaputt")),
    listSessions: () => {
      throw new Error("kaputt")
    },
    // What does not fit the schema of the call.
    readLog: () => Effect.succeed({ items: "kaputt" } as never)
  }))
).pipe(Layer.provide(StoreAccess.layer))

const layerLive = Live.layer.pipe(
  Layer.provide(layerBroken),
  Layer.provideMerge(Layer.mergeAll(EnvironmentRecord.layer(undefined), Events.layer, StoreAccess.layer)),
  Layer.provideMerge(SqlStores.layerServer),
  Layer.provide(Secret.layer),
  Layer.provide(Layer.unwrapScoped(Effect.map(temporaryFolder, (folder) => Database.layer(join(folder, "t3.db")))))
)

/** A connection of an owner, taken without any of the checks before. */
const open = Effect.gen(function*() {
  const sockets = yield* Sockets
  const as = yield* StoreAccess
  const { session } = yield* as({ kind: "host" }).issueSession({ device: {}, role: "owner" })
  yield* (yield* SessionStore).current(session.id)
  const runtime = yield* Effect.runtime()
  const server = yield* Effect.acquireRelease(
    Effect.sync(() => new WebSocketServer({ host: "127.0.0.1", port: 0 })),
    (made) => Effect.sync(() => made.close())
  )
  const accept = (ws: Parameters<typeof sockets.accept>[0]["ws"], tcp: Socket) =>
    sockets.accept({ sessionId: session.id, source: undefined, tcp, ws })
  server.on("connection", (ws, { socket }) => {
    Effect.runFork(Effect.provide(accept(ws, socket), runtime))
  })
  yield* Effect.async<void>((resume) => {
    server.once("listening", () => resume(Effect.void))
  })
  return yield* offer(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, [])
})

it.scopedLive("a call that breaks is told as nothing but that it did, is logged, and harms no other", () => {
  const { layer, lines } = capture()
  return Effect.gen(function*() {
    const live = yield* open
    const following = yield* live.follow()
    for (const call of ["access.listPairings", "access.listSessions", "access.readLog"]) {
      const before = lines.length
      const answer = yield* live.call(call)
      assert.strictEqual(outcome(answer), "Die", call)
      assert.notInclude(JSON.stringify(live.messages), "kaputt", call)
      yield* until(`${call} is logged`, () => lines.slice(before).some((line) => line.includes("kaputt")))
    }
    assert.strictEqual(outcome(yield* live.call("session.whoAmI")), "Success")
    assert.strictEqual(outcome(yield* live.call("access.issuePairing", { role: "viewer" })), "Success")
    yield* following.item("the stream goes on", (item) => item._tag === "Access")
    assert.strictEqual(live.end(), "")
  }).pipe(Effect.provide(Layer.provideMerge(layerLive, layer)))
})
