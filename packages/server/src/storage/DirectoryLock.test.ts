import { assert, describe, it } from "@effect/vitest"
import { Clock, Effect, Exit, Scope } from "effect"
import { chmodSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs"
import { asNobody } from "../../test/asNobody.ts"
import * as Program from "../../test/processes.ts"
import { temporaryFolder } from "../../test/withServer.ts"
import * as DataDirectory from "../DataDirectory.ts"
import * as DirectoryLock from "./DirectoryLock.ts"

const directory = Effect.flatMap(temporaryFolder, (folder) => DataDirectory.prepare(folder))

const now = Effect.succeed(false)
const patiently = Effect.succeed(true)

describe("DirectoryLock", () => {
  it.scopedLive("7: a second holder is told who has it", () =>
    Effect.gen(function*() {
      const at = yield* directory
      const holder = yield* Program.run("hold", { baseDir: at.path, kind: "server", millis: 60_000 })
      const error = yield* Effect.flip(DirectoryLock.acquire(at, "command", now))
      assert.strictEqual(error._tag, "DirectoryHeld")
      assert.include(error.message, `A T3 server (pid ${holder.pid}`)
    }))

  it.scopedLive("7: is free the moment its holder is killed", () =>
    Effect.gen(function*() {
      const at = yield* directory
      const holder = yield* Program.run("hold", { baseDir: at.path, kind: "server", millis: 60_000 })
      yield* Effect.flip(DirectoryLock.acquire(at, "server", now))
      assert.strictEqual(yield* holder.kill("SIGKILL"), "SIGKILL")
      yield* DirectoryLock.acquire(at, "server", now)
    }))

  it.scopedLive("7: waits for a command that holds it for a moment", () =>
    Effect.gen(function*() {
      const at = yield* directory
      const holder = yield* Program.run("hold", { baseDir: at.path, kind: "command", millis: 700 })
      const before = yield* Clock.currentTimeMillis
      yield* DirectoryLock.acquire(at, "server", patiently)
      assert.isAbove((yield* Clock.currentTimeMillis) - before, 300)
      assert.strictEqual(yield* holder.exit, 0)
    }))

  it.scopedLive("7: waits five seconds and no longer", () =>
    Effect.gen(function*() {
      const at = yield* directory
      const holder = yield* Program.run("hold", { baseDir: at.path, kind: "command", millis: 60_000 })
      const before = yield* Clock.currentTimeMillis
      const error = yield* Effect.flip(DirectoryLock.acquire(at, "server", patiently))
      const waited = (yield* Clock.currentTimeMillis) - before
      assert.strictEqual(error._tag, "DirectoryHeld")
      assert.include(error.message, `A t3 command (pid ${holder.pid}`)
      assert.include(error.hint, "Try again")
      assert.isAbove(waited, 4_500)
      assert.isBelow(waited, 8_000)
    }))

  it.scopedLive("is held against others of the same process too, and freed with its scope", () =>
    Effect.gen(function*() {
      const at = yield* directory
      const first = yield* Scope.make()
      yield* Scope.extend(DirectoryLock.acquire(at, "server", now), first)
      const error = yield* Effect.flip(DirectoryLock.acquire(at, "server", now))
      assert.include(error.message, `pid ${process.pid}`)
      // The refused attempt has opened and closed the file, which must not have dropped the lock.
      assert.strictEqual(
        (yield* Program.run("hold", { baseDir: at.path, kind: "command", millis: 0 })).first["_tag"],
        "DirectoryHeld"
      )
      yield* Scope.close(first, Exit.void)
      yield* DirectoryLock.acquire(at, "server", now)
    }))

  it.scopedLive("is one private file", () =>
    Effect.gen(function*() {
      const at = yield* directory
      yield* DirectoryLock.acquire(at, "server", now)
      assert.strictEqual(statSync(at.lock).mode & 0o777, 0o600)
      assert.deepStrictEqual(readdirSync(at.path), ["lock.db"])
    }))

  it.scopedLive("says what is wrong with a file that cannot be used, and how to put it right", () =>
    Effect.gen(function*() {
      const at = yield* directory
      writeFileSync(at.lock, "no database, but as long as the header of one would be".repeat(9))
      const damaged = yield* Effect.flip(DirectoryLock.acquire(at, "command", now))
      assert.strictEqual(damaged._tag, "DatabaseRefused")
      assert.include(damaged.message, at.lock)
      assert.include(damaged.hint, "Move it away")
      rmSync(at.lock)
      chmodSync(at.path, 0o555)
      const closed = yield* asNobody(Effect.flip(DirectoryLock.acquire(at, "command", now)))
      assert.include(closed.message, at.lock)
      assert.include(closed.hint, "Correct the permissions")
    }))

  it.scopedLive("is taken by one of many that want it at once", () =>
    Effect.gen(function*() {
      const at = yield* directory
      const rivals = yield* Effect.replicateEffect(
        Program.run("hold", { baseDir: at.path, kind: "server", millis: 60_000 }),
        4
      ).pipe(Effect.withConcurrency(4))
      assert.strictEqual(rivals.filter(({ first }) => first["held"] === true).length, 1)
    }))
})
