import { assert, describe, it } from "@effect/vitest"
import { Access } from "@t3/auth-core/Access"
import { Effect, Layer } from "effect"
import * as fs from "node:fs"
import { join } from "node:path"
import * as Processes from "../test/processes.ts"
import { dataFolder, startServer } from "../test/withServer.ts"
import * as ControlSocket from "./ControlSocket.ts"
import * as DataDirectory from "./DataDirectory.ts"
import { layerAccess } from "./LocalStores.ts"

/** What a command does, from start to end. */
const command = <A, E, R>(
  directory: DataDirectory.DataDirectory,
  use: (access: typeof Access.Service) => Effect.Effect<A, E, R>
) => Effect.provide(Effect.flatMap(Access, use), layerAccess(directory, { kind: "cli" }))

const page = { all: true, limit: 10 }

const list = (access: typeof Access.Service) =>
  Effect.all({
    log: access.readLog({ limit: 10 }),
    pairings: access.listPairings(page),
    sessions: access.listSessions(page)
  })

/** Everything that the folder holds: names, modes, contents. */
const contents = ({ path }: DataDirectory.DataDirectory) =>
  fs.readdirSync(path).sort().map((name) => [
    name,
    fs.statSync(join(path, name)).mode,
    fs.readFileSync(join(path, name)).toString("base64")
  ])

/** An environment with one link and one session. */
const environment = Effect.gen(function*() {
  const directory = yield* DataDirectory.prepare(yield* dataFolder)
  yield* command(directory, (access) =>
    Effect.zipRight(
      access.issuePairing({ label: "link", role: "viewer", ttl: 60 }),
      access.issueSession({ device: { label: "script" }, role: "viewer" })
    ))
  return directory
})

describe("reading where no server runs", () => {
  it.scopedLive("20: makes and leaves nothing that was not there", () =>
    Effect.gen(function*() {
      const directory = yield* environment
      const names = fs.readdirSync(directory.path).sort()
      assert.deepStrictEqual(names, ["lock.db", "t3.db"])
      assert.strictEqual((yield* command(directory, list)).sessions.items.length, 1)
      assert.deepStrictEqual(fs.readdirSync(directory.path).sort(), names)
    }))

  it.scopedLive("20: changes nothing at all where there never was a lock, as after a backup was restored", () =>
    Effect.gen(function*() {
      const directory = yield* environment
      fs.rmSync(directory.lock)
      fs.chmodSync(directory.database, 0o640)
      const before = contents(directory)
      const { log, pairings, sessions } = yield* command(directory, list)
      assert.deepStrictEqual([pairings.items.length, sessions.items.length], [1, 1])
      assert.strictEqual(log.items.length, 2)
      assert.deepStrictEqual(contents(directory), before)
    }))

  it.scopedLive("leaves room for a server to start where there never was a lock", () =>
    Effect.gen(function*() {
      const directory = yield* environment
      fs.rmSync(directory.lock)
      yield* command(directory, (access) =>
        Effect.gen(function*() {
          yield* list(access)
          const { access: owner } = yield* startServer({ baseDir: directory.path })
          yield* owner.issueSession({ device: {}, role: "viewer" })
          assert.strictEqual((yield* list(access)).sessions.items.length, 2)
        }))
    }))

  it.scopedLive("takes the lock for a change all the same", () =>
    Effect.gen(function*() {
      const directory = yield* environment
      fs.rmSync(directory.lock)
      yield* command(directory, (access) =>
        Effect.gen(function*() {
          const [session] = (yield* access.listSessions(page)).items
          yield* access.revokeSession(session?.id ?? assert.fail("none"))
          assert.isTrue(fs.existsSync(directory.lock))
          yield* access.issuePairing({ label: "", role: "viewer", ttl: 60 })
          const rival = yield* Processes.run("hold", { baseDir: directory.path, kind: "command", millis: 0 })
          assert.strictEqual(rival.first["_tag"], "DirectoryHeld")
          // What was changed is seen by who reads on.
          const { pairings, sessions } = yield* list(access)
          assert.deepStrictEqual([pairings.items.length, sessions.items[0]?.state], [2, "revoked"])
        }))
      yield* startServer({ baseDir: directory.path })
    }))

  it.scopedLive("7: says who came first where a change was not foreseen", () =>
    Effect.gen(function*() {
      const directory = yield* environment
      fs.rmSync(directory.lock)
      yield* command(directory, (access) =>
        Effect.gen(function*() {
          yield* list(access)
          yield* startServer({ baseDir: directory.path })
          const error = yield* Effect.flip(access.issuePairing({ label: "", role: "viewer", ttl: 60 }))
          assert.strictEqual(error._tag, "Unavailable")
          assert.include(error.message, `A T3 server (pid ${process.pid}`)
        }))
    }))

  it.scopedLive("brings a database of an earlier version up to date", () =>
    Effect.gen(function*() {
      const directory = yield* environment
      fs.rmSync(directory.lock)
      const { default: Sqlite } = yield* Effect.promise(() => import("better-sqlite3"))
      const database = new Sqlite(directory.database)
      database.exec("DROP TABLE t3_projects; DROP TABLE t3_environment; DROP TABLE t3_server_migrations")
      database.close()
      assert.strictEqual((yield* command(directory, list)).sessions.items.length, 1)
      assert.isTrue(fs.existsSync(directory.lock))
    }))

  it.scopedLive("is refused for what is no database, which stays as it is", () =>
    Effect.gen(function*() {
      const directory = yield* DataDirectory.prepare(yield* dataFolder)
      fs.writeFileSync(directory.database, "damaged")
      const before = contents(directory)
      const error = yield* Effect.flip(Effect.scoped(Layer.build(layerAccess(directory, { kind: "cli" }))))
      assert.strictEqual(error._tag, "DatabaseRefused")
      assert.deepStrictEqual(contents(directory), before)
    }))
})

describe("a server that was killed", () => {
  it.scopedLive("leaves files that stop neither reading nor the next one", () =>
    Effect.gen(function*() {
      const baseDir = yield* dataFolder
      const killed = yield* Processes.run("serve", { baseDir, port: 0 })
      const directory = yield* DataDirectory.prepare(baseDir)
      assert.isTrue(yield* ControlSocket.isAlive(directory.socket))
      yield* killed.kill("SIGKILL")
      const left = fs.readdirSync(baseDir).sort()
      assert.includeMembers(left, ["control.sock", "lock.db", "t3.db"])
      assert.isFalse(yield* ControlSocket.isAlive(directory.socket))
      assert.strictEqual((yield* command(directory, list)).pairings.items.length, 1)
      for (const name of fs.readdirSync(baseDir)) assert.include(left, name)
      const again = yield* startServer({ baseDir })
      assert.isTrue(yield* ControlSocket.isAlive(directory.socket))
      assert.strictEqual((yield* again.access.listPairings(page)).items.length, 1)
    }))
})
