/** Sixty-four redeem one token at once: eight processes with eight connections each, to one SQLite file. */
import * as SqlClient from "@effect/sql/SqlClient"
import { assert, layer } from "@effect/vitest"
import { Context, Effect, Layer, Redacted } from "effect"
import { type ChildProcess, fork } from "node:child_process"
import { once } from "node:events"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { build } from "tsup"
import type { Answer, Start } from "../test/raceWorker.ts"
import { issueLink, open } from "../test/Stores.ts"
import { temporaryFile } from "../test/TestDatabase.ts"

const rounds = Number(process.env["T3_TEST_ROUNDS"] ?? 50)
const processes = 8

const here = fileURLToPath(new URL("..", import.meta.url))

/** Node 20 runs no TypeScript, and resolves packages from where the file is. */
const bundle = Effect.promise(async () => {
  const outDir = join(here, "node_modules", ".race")
  await build({
    clean: false,
    config: false,
    entry: [join(here, "test", "raceWorker.ts")],
    esbuildOptions: (options) => {
      options.conditions = ["@t3/source"]
    },
    external: [/^effect/, /^@effect\//],
    format: "esm",
    noExternal: [/^@t3\//],
    outDir,
    outExtension: () => ({ js: ".mjs" }),
    platform: "node",
    silent: true,
    target: "node20"
  })
  return join(outDir, "raceWorker.mjs")
})

/** Ends with the scope. */
const spawn = (script: string, filename: string) =>
  Effect.acquireRelease(
    Effect.promise(async () => {
      const child = fork(script, [filename], { execArgv: [] })
      const [first] = await Promise.race([once(child, "message"), once(child, "exit")])
      assert.strictEqual(first, "ready")
      return child
    }),
    (child) =>
      Effect.promise(async () => {
        if (child.exitCode !== null || child.signalCode !== null) return
        const ended = once(child, "exit")
        child.kill()
        await ended
      })
  )

const raceOf = (workers: ReadonlyArray<ChildProcess>, start: Omit<Start, "at">) =>
  Effect.promise(async () => {
    const answers = workers.map(async (worker): Promise<ReadonlyArray<Answer>> => (await once(worker, "message"))[0])
    const at = Date.now() + 5
    for (const worker of workers) worker.send({ ...start, at })
    return (await Promise.all(answers)).flat()
  })

const setUp = Effect.gen(function*() {
  const filename = yield* temporaryFile
  const stores = yield* Effect.acquireRelease(open(filename), (stores) => stores.close)
  const script = yield* bundle
  const workers = yield* Effect.all(Array.from({ length: processes }, () => spawn(script, filename)), {
    concurrency: processes
  })
  const sessionsOf = (pairingId: string) =>
    stores.run(
      Effect.flatMap(SqlClient.SqlClient, (sql) =>
        sql<{ readonly id: string }>`SELECT id FROM t3_sessions WHERE pairing_id = ${pairingId}`)
    )
  return { sessionsOf, stores, workers }
})

/** The database, and the processes that race over it. */
class Racers extends Context.Tag("@t3/auth-core/test/Racers")<Racers, Effect.Effect.Success<typeof setUp>>() {}

const winners = (answers: ReadonlyArray<Answer>) => answers.flatMap((answer) => "sessionId" in answer ? [answer] : [])

layer(Layer.scoped(Racers, setUp), { excludeTestServices: true, timeout: "1 minute" })("A race for one token", (it) => {
  it.effect(`has one winner and makes one session, ${rounds} times (design 9.10)`, () =>
    Effect.gen(function*() {
      const { sessionsOf, stores, workers } = yield* Racers
      for (let round = 0; round < rounds; round += 1) {
        const { pairing, token } = yield* stores.run(issueLink())
        const answers = yield* raceOf(workers, { token: Redacted.value(token) })
        assert.strictEqual(answers.length, 64)
        const won = winners(answers)
        assert.strictEqual(won.length, 1, `round ${round}`)
        assert.strictEqual(answers.filter((it) => "refused" in it && it.refused === "PairingUsed").length, 63)
        assert.deepStrictEqual((yield* sessionsOf(pairing.id)).map(({ id }) => id), won.map((it) => it.sessionId))
        for (const { secret, sessionId } of won) {
          assert.strictEqual((yield* stores.sessions.verify(Redacted.make(secret))).id, sessionId)
        }
      }
    }), 60_000 + rounds * 1000)

  it.effect(
    "by repetitions of one exchange makes one session, of which one secret works",
    () =>
      Effect.gen(function*() {
        const { sessionsOf, stores, workers } = yield* Racers
        const { pairing, token } = yield* stores.run(issueLink())
        const answers = yield* raceOf(workers, { key: "one-device-many-times", token: Redacted.value(token) })
        const won = winners(answers)
        assert.strictEqual(won.length, 64)
        assert.strictEqual(new Set(won.map((it) => it.sessionId)).size, 1)
        assert.strictEqual((yield* sessionsOf(pairing.id)).length, 1)
        const works = yield* Effect.filter(won, ({ secret }) =>
          Effect.map(Effect.either(stores.sessions.verify(Redacted.make(secret))), (it) =>
            it._tag === "Right"))
        assert.strictEqual(works.length, 1)
      }),
    60_000
  )
})
