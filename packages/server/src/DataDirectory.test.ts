import { assert, describe, it } from "@effect/vitest"
import { Effect, Logger, Option } from "effect"
import * as fs from "node:fs"
import { dirname, join } from "node:path"
import { asNobody, nobody } from "../test/asNobody.ts"
import { temporaryFolder } from "../test/withServer.ts"
import * as DataDirectory from "./DataDirectory.ts"

const mode = (path: string) => fs.statSync(path).mode & 0o777

/** Runs with what it logs. */
const logged = <A, E, R>(self: Effect.Effect<A, E, R>) =>
  Effect.suspend(() => {
    const lines: Array<string> = []
    const logger = Logger.make(({ message }) => void lines.push(String(message)))
    return Effect.map(Effect.provide(self, Logger.replace(Logger.defaultLogger, logger)), (value) => ({ lines, value }))
  })

/** Both ways of looking refuse it for `reason` and change nothing. */
const isRefused = (path: string, reason: string) =>
  Effect.gen(function*() {
    const before = fs.readdirSync(dirname(path)).map((name) => [name, mode(join(dirname(path), name))])
    const error = yield* Effect.flip(DataDirectory.prepare(path))
    assert.deepStrictEqual([error._tag, error.reason], ["DirectoryRefused", reason])
    assert.include(error.message, path)
    assert.isNotEmpty(error.hint)
    assert.deepStrictEqual(fs.readdirSync(dirname(path)).map((name) => [name, mode(join(dirname(path), name))]), before)
    return error
  })

describe("DataDirectory", () => {
  it.scopedLive("is made private where there is none, with the folders it lies in", () =>
    Effect.gen(function*() {
      const path = join(yield* temporaryFolder, "one", "two")
      const umask = process.umask(0o000)
      const directory = yield* DataDirectory.prepare(path).pipe(
        Effect.ensuring(Effect.sync(() => process.umask(umask)))
      )
      assert.strictEqual(directory.path, path)
      assert.strictEqual(mode(path), 0o700)
      assert.strictEqual(mode(dirname(path)), 0o700)
      assert.deepStrictEqual(fs.readdirSync(path), [])
    }))

  it.scopedLive("20: looking for one makes nothing", () =>
    Effect.gen(function*() {
      const folder = yield* temporaryFolder
      assert.deepStrictEqual(yield* DataDirectory.find(join(folder, "missing")), Option.none())
      assert.deepStrictEqual(fs.readdirSync(folder), [])
    }))

  it.scopedLive("20: looking at one changes nothing", () =>
    Effect.gen(function*() {
      const path = join(yield* temporaryFolder, "data")
      fs.mkdirSync(path, { mode: 0o755 })
      assert.strictEqual(Option.getOrThrow(yield* DataDirectory.find(path)).path, path)
      assert.strictEqual(mode(path), 0o755)
      fs.chmodSync(path, 0o500)
      assert.isTrue(Option.isSome(yield* DataDirectory.find(path)))
    }))

  it.scopedLive("is tightened with a note where others could read it", () =>
    Effect.gen(function*() {
      const path = join(yield* temporaryFolder, "data")
      fs.mkdirSync(path)
      fs.chmodSync(path, 0o755)
      const { lines } = yield* logged(DataDirectory.prepare(path))
      assert.strictEqual(mode(path), 0o700)
      assert.strictEqual(lines.length, 1)
      assert.include(lines[0] ?? "", path)
      assert.deepStrictEqual((yield* logged(DataDirectory.prepare(path))).lines, [])
    }))

  it.scopedLive.each([0o770, 0o707, 0o777, 0o1777])(
    "is refused where others could write to it (%o)",
    (bits) =>
      Effect.gen(function*() {
        const path = join(yield* temporaryFolder, "data")
        fs.mkdirSync(path)
        fs.chmodSync(path, bits)
        assert.include((yield* isRefused(path, "writable")).hint, `chmod 700 ${path}`)
        assert.strictEqual((yield* Effect.flip(DataDirectory.find(path))).reason, "writable")
      })
  )

  it.scopedLive.each([0o500, 0o555, 0o300, 0o600])(
    "is refused where its owner may not use it (%o)",
    (bits) =>
      Effect.gen(function*() {
        const path = join(yield* temporaryFolder, "data")
        fs.mkdirSync(path)
        fs.chmodSync(path, bits)
        yield* isRefused(path, "read-only")
        assert.strictEqual(mode(path), bits)
      })
  )

  it.scopedLive("is refused where it is a file, or lies below one", () =>
    Effect.gen(function*() {
      const path = join(yield* temporaryFolder, "data")
      fs.writeFileSync(path, "")
      yield* isRefused(path, "not-a-directory")
      assert.strictEqual((yield* Effect.flip(DataDirectory.find(path))).reason, "not-a-directory")
      assert.strictEqual((yield* Effect.flip(DataDirectory.prepare(join(path, "below")))).reason, "not-a-directory")
    }))

  it.scopedLive("is refused where it belongs to another user", () =>
    Effect.gen(function*() {
      const path = join(yield* temporaryFolder, "data")
      fs.mkdirSync(path, { mode: 0o700 })
      const isRoot = process.getuid?.() === 0
      if (isRoot) fs.chownSync(path, nobody, nobody)
      const foreign = isRoot ? path : "/usr"
      assert.include((yield* isRefused(foreign, "foreign")).message, `uid ${isRoot ? nobody : 0}`)
    }))

  it.scopedLive("is refused where it cannot be made", () =>
    Effect.gen(function*() {
      const folder = yield* temporaryFolder
      fs.chmodSync(folder, 0o555)
      yield* asNobody(isRefused(join(folder, "data"), "read-only"))
      fs.chmodSync(folder, 0o700)
      fs.symlinkSync(join(folder, "nowhere", "else"), join(folder, "dangling"))
      yield* asNobody(Effect.flip(DataDirectory.prepare(join(folder, "closed", "data"))))
      assert.strictEqual((yield* Effect.flip(DataDirectory.prepare(join(folder, "dangling")))).reason, "read-only")
    }))

  it.scopedLive("may be a link to a folder", () =>
    Effect.gen(function*() {
      const folder = yield* temporaryFolder
      fs.mkdirSync(join(folder, "real"), { mode: 0o700 })
      fs.symlinkSync(join(folder, "real"), join(folder, "link"))
      yield* DataDirectory.prepare(join(folder, "link"))
    }))

  it("keeps its socket inside, unless the path is too long for one", () => {
    assert.strictEqual(DataDirectory.at("/home/me/.t3").socket, "/home/me/.t3/control.sock")
    const fits = `/${"a".repeat(103 - "//control.sock".length)}`
    assert.strictEqual(Buffer.byteLength(DataDirectory.at(fits).socket), 103)
    assert.isTrue(DataDirectory.at(fits).socket.startsWith(fits))
    const tooLong = [`${fits}a`, `${fits.slice(0, -1)}é`].map((path) => DataDirectory.at(path).socket)
    for (const socket of tooLong) assert.isAtMost(Buffer.byteLength(socket), 103)
    assert.strictEqual(new Set(tooLong).size, 2)
    assert.strictEqual(DataDirectory.at(`${fits}a`).socket, tooLong[0])
  })

  it("has a pipe for a socket on Windows, named after it, and a key for whoever may call", () => {
    const { controlKey, socket } = DataDirectory.at("C:\\Users\\me\\.t3", "win32")
    assert.match(socket, /^\\\\\.\\pipe\\t3-[0-9a-f]{32}$/)
    assert.include(controlKey ?? "", "control.key")
    // One folder, as Windows sees it.
    assert.strictEqual(DataDirectory.at("c:\\USERS\\me\\.t3", "win32").socket, socket)
    assert.notStrictEqual(DataDirectory.at("C:\\Users\\me\\.t4", "win32").socket, socket)
    assert.match(DataDirectory.at(`C:\\${"x".repeat(300)}`, "win32").socket, /^\\\\\.\\pipe\\t3-[0-9a-f]{32}$/)
    assert.isUndefined(DataDirectory.at("/home/me/.t3", "darwin").controlKey)
  })
})
