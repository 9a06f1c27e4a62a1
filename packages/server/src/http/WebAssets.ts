/**
 * The files of the page.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as fs from "node:fs"
import { extname, join, relative, sep } from "node:path"

/** One file, as it is sent. */
export interface Asset {
  readonly body: Uint8Array
  readonly contentType: string
  /** Whether its name carries a hash of its content. */
  readonly immutable: boolean
}

const contentTypes: Readonly<Record<string, string>> = {
  ".css": "text/css; charset=utf-8",
  ".html": "text/html; charset=utf-8",
  ".ico": "image/x-icon",
  ".js": "text/javascript; charset=utf-8",
  ".json": "application/json",
  ".png": "image/png",
  ".svg": "image/svg+xml",
  ".txt": "text/plain; charset=utf-8",
  ".webmanifest": "application/manifest+json",
  ".woff2": "font/woff2"
}

const read = (folder: string): ReadonlyMap<string, Asset> => {
  if (!fs.existsSync(folder)) return new Map()
  const files = fs.readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
  return new Map(files.map((entry) => {
    const file = join(entry.parentPath, entry.name)
    const path = relative(folder, file).split(sep).join("/")
    return [path, {
      body: fs.readFileSync(file),
      contentType: contentTypes[extname(path)] ?? "application/octet-stream",
      immutable: path.startsWith("assets/")
    }]
  }))
}

/** By path, without a slash at the start: `pair.html`, `assets/pair-4f2a.js`. */
export class WebAssets extends Context.Tag("@t3/server/WebAssets")<WebAssets, ReadonlyMap<string, Asset>>() {
  /** Reads a folder once, at start; a missing one has no files. */
  static readonly layerFolder = (folder: string): Layer.Layer<WebAssets> =>
    Layer.effect(this, Effect.sync(() => read(folder)))

  /** For a host that serves no page. */
  static readonly layerNone: Layer.Layer<WebAssets> = Layer.succeed(this, new Map())
}
