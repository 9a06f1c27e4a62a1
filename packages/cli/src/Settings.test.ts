/** Flag over variable over default; blank is never absent. */
import { assert, describe, it } from "@effect/vitest"
import { ConfigProvider, Effect, Option } from "effect"
import { homedir } from "node:os"
import { join, resolve } from "node:path"
import * as Settings from "./Settings.ts"

const none: Settings.ServerFlags = {
  advertiseHost: [],
  baseDir: Option.none(),
  cwd: Option.none(),
  host: [],
  json: false,
  label: Option.none(),
  noToken: false,
  port: Option.none()
}

const settings = (flags: Partial<Settings.ServerFlags>, env: Readonly<Record<string, string>> = {}) =>
  Settings.server({ ...none, ...flags }).pipe(
    Effect.withConfigProvider(ConfigProvider.fromMap(new Map(Object.entries(env))))
  )

const refusal = (flags: Partial<Settings.ServerFlags>, env?: Readonly<Record<string, string>>) =>
  Effect.map(Effect.flip(settings(flags, env)), ({ hint, message }) => `${message} ${hint}`)

describe("Settings", () => {
  it.effect("leaves to the server what nobody set", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* settings({}), { baseDir: join(homedir(), ".t3") })
    }))

  it.effect("takes a flag before a variable", () =>
    Effect.gen(function*() {
      const env = { T3_HOME: "/e", T3_HOST: "::1, 127.0.0.1", T3_LABEL: "env", T3_PORT: "1", T3_ADVERTISE_HOST: "a,b" }
      assert.deepStrictEqual(yield* settings({}, env), {
        advertiseHosts: ["a", "b"],
        baseDir: resolve("/e"),
        hosts: ["::1", "127.0.0.1"],
        label: "env",
        port: 1
      })
      const flags = {
        advertiseHost: ["c"],
        baseDir: Option.some("d"),
        host: ["0"],
        label: Option.some("f"),
        port: Option.some("0")
      }
      assert.deepStrictEqual(yield* settings({ ...flags, cwd: Option.some(".") }, env), {
        advertiseHosts: ["c"],
        baseDir: resolve("d"),
        cwd: resolve("."),
        hosts: ["0"],
        label: "f",
        port: 0
      })
    }))

  it.effect("refuses a variable that is set but blank, naming it", () =>
    Effect.gen(function*() {
      for (const name of ["T3_HOST", "T3_PORT", "T3_LABEL", "T3_HOME", "T3_ADVERTISE_HOST"]) {
        assert.include(yield* refusal({}, { [name]: " " }), `${name} is empty.`)
      }
      assert.include(yield* refusal({}, { T3_HOST: "127.0.0.1,," }), "T3_HOST is empty.")
      assert.include(yield* refusal({ cwd: Option.some("") }), "The folder is empty.")
    }))

  it.effect("refuses what is no port, quoting it", () =>
    Effect.gen(function*() {
      for (const port of ["65536", "-1", "http", "0x10", "1e3", "80 80", "3773.5"]) {
        assert.include(yield* refusal({ port: Option.some(port) }), `--port "${port}" is no port.`)
      }
    }))

  it.effect("cleans a label, and refuses one of which nothing is left", () =>
    Effect.gen(function*() {
      const { label } = yield* settings({ label: Option.some("\u001b[31mmy\tbox\u001b[0m ") })
      assert.strictEqual(label, "my box")
      assert.include(yield* refusal({ label: Option.some("\u200b") }), "--label has nothing that can be shown.")
    }))
})
