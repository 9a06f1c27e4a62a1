import { assert, describe, it } from "@effect/vitest"
import { Secret } from "@t3/auth-core/Secret"
import * as SqlStores from "@t3/auth-core/sql/SqlStores"
import { StoreAccess } from "@t3/auth-core/StoreAccess"
import { Tickets } from "@t3/auth-core/Tickets"
import { Effect, Layer } from "effect"
import { mkdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { temporaryFolder } from "../../test/withServer.ts"
import { EnvironmentRecord } from "../EnvironmentRecord.ts"
import { Events } from "../live/Events.ts"
import { Network } from "../network/Network.ts"
import * as Database from "../storage/Database.ts"
import * as Application from "./Application.ts"
import { WebAssets } from "./WebAssets.ts"

/** The application with a page of its own, on a free port: what a host composes that has another page, or none. */
const serving = (web: Layer.Layer<WebAssets>) =>
  Effect.gen(function*() {
    const folder = yield* temporaryFolder
    const layerServices = Layer.mergeAll(
      StoreAccess.layer,
      EnvironmentRecord.layer(undefined),
      Events.layer,
      Tickets.layer
    ).pipe(
      Layer.provideMerge(SqlStores.layerServer),
      Layer.provide(Secret.layer),
      Layer.provide(Database.layer(join(folder, "t3.db"))),
      Layer.merge(web),
      Layer.merge(Network.layer({ advertiseHosts: [], hosts: [], port: 0 }))
    )
    const context = yield* Layer.build(Layer.provideMerge(Application.layer, layerServices))
    const base = yield* Effect.provide(
      Effect.gen(function*() {
        const network = yield* Network
        yield* network.serve((yield* Application.Application).network)
        return (yield* network.endpoints)[0]?.connectionString ?? "none"
      }),
      context
    )
    return (path: string, init?: RequestInit) =>
      Effect.promise(async () => {
        const response = await fetch(base + path, { redirect: "manual", ...init })
        return {
          header: (name: string) => response.headers.get(name),
          status: response.status,
          text: await response.text()
        }
      })
  })

const page = Effect.gen(function*() {
  const folder = yield* temporaryFolder
  mkdirSync(join(folder, "assets", "more"), { recursive: true })
  writeFileSync(join(folder, "pair.html"), "<!doctype html>")
  writeFileSync(join(folder, "icon.svg"), "<svg/>")
  writeFileSync(join(folder, "assets", "pair-4f2a.js"), "void 0")
  writeFileSync(join(folder, "assets", "more", "data.bin"), "\u0000")
  writeFileSync(join(folder, "..", "outside.txt"), "outside")
  return folder
})

describe("the page", () => {
  it.scopedLive("is at /pair, and never kept", () =>
    Effect.gen(function*() {
      const get = yield* serving(WebAssets.layerFolder(yield* page))
      for (const path of ["/pair", "/pair.html", "/pair?from=mail"]) {
        const { header, status, text } = yield* get(path)
        assert.deepStrictEqual([status, text], [200, "<!doctype html>"], path)
        assert.strictEqual(header("content-type"), "text/html; charset=utf-8")
        assert.strictEqual(header("cache-control"), "no-store")
        assert.include(header("content-security-policy") ?? "", "frame-ancestors 'none'")
      }
      const start = yield* get("/")
      assert.deepStrictEqual([start.status, start.header("location")], [302, "/pair"])
    }))

  it.scopedLive("has files whose names carry a hash, kept for ever, and others that are not", () =>
    Effect.gen(function*() {
      const get = yield* serving(WebAssets.layerFolder(yield* page))
      const script = yield* get("/assets/pair-4f2a.js")
      assert.strictEqual(script.header("content-type"), "text/javascript; charset=utf-8")
      assert.strictEqual(script.header("cache-control"), "public, max-age=31536000, immutable")
      assert.strictEqual(script.header("x-content-type-options"), "nosniff")
      const head = yield* get("/assets/pair-4f2a.js", { method: "HEAD" })
      assert.deepStrictEqual([head.status, head.text, head.header("content-length")], [200, "", "6"])
      assert.strictEqual((yield* get("/assets/more/data.bin")).header("content-type"), "application/octet-stream")
      const icon = yield* get("/icon.svg")
      assert.deepStrictEqual([icon.header("content-type"), icon.header("cache-control")], ["image/svg+xml", "no-store"])
    }))

  it.scopedLive("has no other files", () =>
    Effect.gen(function*() {
      const get = yield* serving(WebAssets.layerFolder(yield* page))
      const paths = [
        "/outside.txt",
        "/../outside.txt",
        "/assets/..%2f..%2foutside.txt",
        "/assets",
        "/assets/",
        "/assets/old.js",
        "/__proto__",
        "/pair/",
        "/PAIR"
      ]
      for (const path of paths) {
        const { header, status, text } = yield* get(path)
        assert.deepStrictEqual([status, header("cache-control")], [404, "no-store"], path)
        assert.include(text, "NotFound", path)
      }
      assert.strictEqual((yield* get("/pair", { method: "POST" })).status, 404)
    }))

  it.scopedLive("may be missing", () =>
    Effect.gen(function*() {
      for (const web of [WebAssets.layerNone, WebAssets.layerFolder("/nonexistent")]) {
        const get = yield* serving(web)
        assert.strictEqual((yield* get("/pair")).status, 404)
        assert.strictEqual((yield* get("/health")).status, 200)
      }
    }))
})
