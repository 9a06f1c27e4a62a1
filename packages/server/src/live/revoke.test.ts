import { assert, layer } from "@effect/vitest"
import { Revocation } from "@t3/protocol/Session"
import { Clock, Context, Effect, Fiber, Layer, Schema } from "effect"
import { withBearer } from "../../test/api.ts"
import { connections, control, issueSession, revokeSession } from "../../test/control.ts"
import { connect } from "../../test/live.ts"
import { doneBy, occupy } from "../../test/occupy.ts"
import * as Processes from "../../test/processes.ts"
import { dataFolder } from "../../test/withServer.ts"

/** A server in a process of its own: this one is where devices are, and where revocations are typed. */
class Server extends Context.Tag("test/Server")<Server, { readonly base: string; readonly baseDir: string }>() {}

const layerServer = Layer.scoped(
  Server,
  Effect.gen(function*() {
    const baseDir = yield* dataFolder
    const { first } = yield* Processes.run("serve", { baseDir, port: 0 })
    return { base: (first["endpoints"] as ReadonlyArray<string>)[0] ?? "", baseDir }
  })
)

/** Lets everything be read that has arrived. */
const turn = Effect.async<void>((resume) => {
  setImmediate(() => setImmediate(() => resume(Effect.void)))
})

const decode = Schema.decodeUnknownSync(Revocation)

/** Who types it, and how many sockets the session has open then. */
const ways: ReadonlyArray<[string, number, (id: string) => Effect.Effect<Revocation, never, Server>]> = [
  ["another process", 100, (id) =>
    Effect.gen(function*() {
      const { body } = yield* revokeSession((yield* Server).baseDir, id)
      return decode(body)
    })],
  ["the API", 20, (id) =>
    Effect.gen(function*() {
      const { base, baseDir } = yield* Server
      const { token } = yield* issueSession(baseDir)
      return yield* Effect.promise(() =>
        fetch(`${base}/api/access/sessions/${id}`, { headers: withBearer(token), method: "DELETE" })
          .then((response) => response.json()).then(decode)
      )
    })],
  ["a socket", 20, (id) =>
    Effect.scoped(Effect.gen(function*() {
      const { base, baseDir } = yield* Server
      const live = yield* connect(base, (yield* issueSession(baseDir)).token)
      const { exit } = yield* live.call("access.revokeSession", { id })
      return decode(exit?.value)
    }))]
]

layer(layerServer, { excludeTestServices: true })("5: a session that is revoked by", (it) => {
  for (const [way, sockets, revoke] of ways) {
    it.scoped(`${way} while it is busy is sent nothing and does nothing from then on`, () =>
      Effect.gen(function*() {
        const { base, baseDir } = yield* Server
        const { id, token } = yield* issueSession(baseDir)
        // What others do goes on all the time, and is told to whoever listens.
        const traffic = yield* Effect.fork(Effect.forever(control(baseDir, "POST", "/api/access/pairings", {})))
        const { asked, bytes, lives, sses } = yield* occupy(base, token, { sockets, streams: 5 })

        const before = yield* Clock.currentTimeMillis
        const { connectionsClosed, linksRevoked } = yield* revoke(id)
        const took = (yield* Clock.currentTimeMillis) - before
        yield* turn
        const done = doneBy(baseDir, id)
        const received = bytes()
        const answered = asked.done
        assert.isTrue(lives.every((live) => live.end() === "4401 SessionRevoked"))
        assert.isTrue(sses.every((sse) => sse.end() === "ended"))
        assert.strictEqual(connectionsClosed, sockets + 5)

        yield* Effect.sleep("300 millis")
        assert.strictEqual(bytes(), received)
        assert.deepStrictEqual(doneBy(baseDir, id), done)
        assert.strictEqual(asked.done, answered)
        assert.lengthOf(asked.refused, 1)
        assert.include(asked.refused[0], "SessionRevoked")
        yield* Fiber.interrupt(traffic)

        assert.isBelow(took, 3_000)
        assert.strictEqual(done.open, 0)
        assert.strictEqual(done.links, linksRevoked)
        assert.isAtMost(done.lastLink ?? 0, done.revokedAt ?? 0)
        assert.isAbove(done.links ?? 0, 10)
        const { _tag } = yield* Effect.promise(() =>
          fetch(`${base}/api/session`, { headers: withBearer(token) })
            .then((response) => response.json() as Promise<{ readonly _tag: string }>)
        )
        assert.strictEqual(_tag, "SessionRevoked")
        assert.strictEqual(yield* connections(baseDir), 0)
        assert.strictEqual((yield* control(baseDir, "GET", "/api/access/sessions")).status, 200)
      }))
  }
})
