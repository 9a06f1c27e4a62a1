import { assert, describe, it } from "@effect/vitest"
import { Effect, Redacted } from "effect"
import { execFile } from "node:child_process"
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, utimes, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"
import { build } from "tsup"
import { environment } from "../../test/environment.ts"
import { EnvironmentStore } from "../EnvironmentStore.ts"
import * as FileEnvironmentStore from "./FileEnvironmentStore.ts"

const folder = Effect.acquireRelease(
  Effect.promise(() => mkdtemp(join(tmpdir(), "t3-client-"))),
  (path) => Effect.promise(() => rm(path, { force: true, recursive: true }))
)
const inFile = (file: string) => Effect.provide(FileEnvironmentStore.layer({ file }))
const modeOf = (path: string) => Effect.promise(async () => (await stat(path)).mode & 0o777)
const text = (file: string) => Effect.promise(() => readFile(file, "utf8"))

describe("FileEnvironmentStore", () => {
  it.scopedLive("creates nothing by reading, forgetting or renaming what is not there", () =>
    Effect.gen(function*() {
      const root = yield* folder
      yield* Effect.gen(function*() {
        const store = yield* EnvironmentStore
        assert.deepStrictEqual(yield* store.list, [])
        for (const effect of [store.get("box"), store.forget("box"), store.rename("box", "b")]) {
          const error = yield* Effect.flip<unknown, { readonly _tag: string; readonly message: string }, never>(effect)
          assert.strictEqual(error._tag, "NotFound")
          assert.include(error.message, "\"box\"")
        }
      }).pipe(inFile(join(root, "t3", "environments.json")))
      assert.deepStrictEqual(yield* Effect.promise(() => readdir(root)), [])
    }))

  it.scopedLive("keeps what was saved, private, with nothing left beside it", () =>
    Effect.gen(function*() {
      const file = join(yield* folder, "deep", "t3", "environments.json")
      const saved = yield* Effect.flatMap(EnvironmentStore, (store) => store.save(environment("a"))).pipe(
        inFile(file)
      )
      const [found] = yield* Effect.flatMap(EnvironmentStore, (store) => store.list).pipe(inFile(file))
      assert.strictEqual(saved.name, "box")
      assert.deepStrictEqual({ ...found, token: undefined }, { ...saved, token: undefined })
      assert.strictEqual(found && Redacted.value(found.token), "t3s_secret")
      assert.strictEqual(yield* modeOf(file), 0o600)
      assert.strictEqual(yield* modeOf(dirname(file)), 0o700)
      assert.strictEqual(yield* modeOf(join(dirname(file), "..")), 0o700)
      assert.deepStrictEqual(yield* Effect.promise(() => readdir(dirname(file))), ["environments.json"])
    }))

  it.scopedLive("gives each environment a name of its own, and keeps it when it is paired again", () =>
    Effect.gen(function*() {
      const file = join(yield* folder, "environments.json")
      yield* Effect.gen(function*() {
        const store = yield* EnvironmentStore
        assert.strictEqual((yield* store.save(environment("a"))).name, "box")
        assert.strictEqual((yield* store.save(environment("b"))).name, "box-2")
        assert.strictEqual((yield* store.save(environment("c"))).name, "box-3")
        assert.strictEqual((yield* store.save(environment("d", { name: "box" }))).name, "box-4")
        assert.strictEqual((yield* store.save(environment("e", { label: " \u001b[31m\n" }))).name, "100.64.0.7")
        assert.strictEqual((yield* store.rename("box-2", " work ")).name, "work")
        const again = yield* store.save(environment("b", { label: "box", token: Redacted.make("t3s_newer") }))
        assert.strictEqual(again.name, "work")
        assert.strictEqual((yield* store.save(environment("a", { label: "renamed there" }))).name, "box")
        assert.strictEqual((yield* store.save(environment("c", { name: "work" }))).name, "work-2")
        assert.deepStrictEqual((yield* store.list).map((entry) => entry.name), [
          "box",
          "work",
          "work-2",
          "box-4",
          "100.64.0.7"
        ])
        assert.strictEqual(Redacted.value((yield* store.get("work")).token), "t3s_newer")
      }).pipe(inFile(file))
    }))

  it.scopedLive("renames and forgets by exact name, and says which names there are", () =>
    Effect.gen(function*() {
      const file = join(yield* folder, "environments.json")
      yield* Effect.gen(function*() {
        const store = yield* EnvironmentStore
        yield* store.save(environment("a", { name: "one" }))
        yield* store.save(environment("b", { name: "two" }))
        const taken = yield* Effect.flip(store.rename("one", "two"))
        assert.strictEqual(taken._tag, "Conflict")
        assert.strictEqual((yield* Effect.flip(store.rename("one", " \u200b ")))._tag, "Invalid")
        assert.strictEqual((yield* store.rename("one", "one")).name, "one")
        assert.strictEqual((yield* store.forget("one")).name, "one")
        const gone = yield* Effect.flip(store.get("one"))
        assert.strictEqual(gone._tag, "NotFound")
        assert.strictEqual(gone.hint, "Saved: two.")
        assert.strictEqual((yield* Effect.flip(store.get("Two")))._tag, "NotFound")
      }).pipe(inFile(file))
    }))

  it.scopedLive("refuses a file that it cannot read, by name, and leaves it as it is", () =>
    Effect.gen(function*() {
      const file = join(yield* folder, "environments.json")
      for (
        const [contents, tag] of [
          ["", "Unavailable"],
          ["{\"version\":1,\"environments\":[{\"token\":\"t3s_SECRET\"}]}", "Unavailable"],
          ["{\"version\":0,\"environments\":[]}", "Unavailable"],
          ["not json t3s_SECRET", "Unavailable"],
          ["{\"version\":2,\"things\":\"t3s_SECRET\"}", "VersionMismatch"]
        ] as const
      ) {
        yield* Effect.promise(() => writeFile(file, contents))
        yield* Effect.gen(function*() {
          const store = yield* EnvironmentStore
          for (const effect of [store.list, store.save(environment("a")), store.forget("box")]) {
            const error = yield* Effect.flip<
              unknown,
              { readonly _tag: string; readonly message: string; readonly hint?: string },
              never
            >(effect)
            assert.strictEqual(error._tag, tag)
            assert.include(error.message, file)
            assert.notInclude(error.message + String(error.hint), "SECRET")
          }
        }).pipe(inFile(file))
        assert.strictEqual(yield* text(file), contents)
      }
    }))

  it.scopedLive("names the file when the place is no place for a file", () =>
    Effect.gen(function*() {
      const root = yield* folder
      yield* Effect.promise(() => writeFile(join(root, "plain"), ""))
      for (const file of [root, join(root, "plain", "environments.json")]) {
        const error = yield* Effect.flatMap(EnvironmentStore, (store) => store.save(environment("a"))).pipe(
          inFile(file),
          Effect.flip
        )
        assert.strictEqual(error._tag, "Unavailable")
        assert.include(error.message, file)
      }
    }))

  it.scopedLive("makes a file that others could read private again, and is not fooled by what a crash left", () =>
    Effect.gen(function*() {
      const file = join(yield* folder, "environments.json")
      const save = (id: string) =>
        Effect.flatMap(EnvironmentStore, (store) => store.save(environment(id))).pipe(inFile(file))
      yield* save("a")
      yield* Effect.promise(async () => {
        await chmod(file, 0o644)
        await writeFile(`${file}.tmp`, "half of a fi", { mode: 0o644 })
        await mkdir(`${file}.lock`)
        await utimes(`${file}.lock`, 1, 1)
      })
      yield* save("b")
      assert.strictEqual(yield* modeOf(file), 0o600)
      const all = yield* Effect.flatMap(EnvironmentStore, (store) => store.list).pipe(inFile(file))
      assert.strictEqual(all.length, 2)
      assert.deepStrictEqual(yield* Effect.promise(() => readdir(dirname(file))), ["environments.json"])
    }))

  it.scopedLive("loses nothing when several processes, and several fibers, save at once", () =>
    Effect.gen(function*() {
      const root = yield* folder
      const file = join(root, "t3", "environments.json")
      yield* Effect.promise(() =>
        build({
          config: false,
          entry: { save: fileURLToPath(new URL("../../test/save-many.ts", import.meta.url)) },
          esbuildOptions: (options) => {
            options.conditions = ["@t3/source"]
          },
          format: "esm",
          banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url)" },
          noExternal: [/.*/],
          outDir: join(root, "program"),
          outExtension: () => ({ js: ".mjs" }),
          platform: "node",
          silent: true,
          splitting: false
        })
      )
      const run = (prefix: string) =>
        promisify(execFile)(process.execPath, [join(root, "program", "save.mjs"), file, prefix, "25"])
      const here = Effect.flatMap(EnvironmentStore, (store) =>
        Effect.forEach(["w", "x", "y", "z"], (id) => store.save(environment(id)), { concurrency: "unbounded" }))
      yield* Effect.all([
        Effect.promise(() =>
          Promise.all(["a", "b", "c", "d"].map(run))
        ),
        here.pipe(inFile(file))
      ], { concurrency: "unbounded" })
      const all = yield* Effect.flatMap(EnvironmentStore, (store) => store.list).pipe(inFile(file))
      assert.strictEqual(all.length, 104)
      assert.strictEqual(new Set(all.map((entry) => entry.name)).size, 104)
      assert.deepStrictEqual(yield* Effect.promise(() => readdir(dirname(file))), ["environments.json"])
    }))
})
