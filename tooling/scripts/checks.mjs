/** The static checks that no tool does as it is: what is published, what a browser can load, what a commit may contain. */
import { build } from "esbuild"
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { manifest, packageFolders, root, run } from "./workspace.mjs"

/** @param {ReadonlyArray<string>} faults What is wrong, one line each. */
const verdict = (faults) => ({ code: faults.length === 0 ? 0 : 1, output: faults.join("\n") })

/** Packs every publishable package as pnpm would publish it, and lets publint and attw judge the tarball. */
export const checkPackages = async () => {
  const folder = mkdtempSync(join(tmpdir(), "t3-pack-"))
  const faults = []
  try {
    for (const path of packageFolders().filter((path) => manifest(path).private !== true)) {
      const target = join(folder, path.replace("/", "-"))
      const packed = await run("pnpm", ["--dir", path, "pack", "--pack-destination", target], { quiet: true })
      const tarball = packed.code === 0 ? readdirSync(target).map((name) => join(target, name)) : []
      const judges = [["publint", "run", "--strict", ...tarball]]
      // A program has no types for attw to judge.
      if (manifest(path).exports !== undefined) {
        judges.push(["attw", "--profile", "esm-only", ...tarball])
      }
      const results = packed.code === 0
        ? await Promise.all(judges.map(([judge = "", ...args]) => run(judge, args, { quiet: true })))
        : [packed]
      faults.push(...results.filter(({ code }) => code !== 0).map(({ output }) => `${path}\n${output}`))
    }
  } finally {
    rmSync(folder, { recursive: true })
  }
  return verdict(faults)
}

/** Bundles, as a web page would, what has to run in a browser; a module of Node in it does not resolve. */
export const bundleForBrowser = async () => {
  const entries = [
    "packages/protocol/dist/index.js",
    "packages/client/dist/index.js",
    "packages/client/dist/promise.js"
  ]
  const { errors } = await build({
    absWorkingDir: root,
    bundle: true,
    entryPoints: entries,
    format: "esm",
    logLevel: "silent",
    outdir: ".tmp/browser",
    platform: "browser",
    write: false
  }).catch((/** @type {import("esbuild").BuildFailure} */ failure) => failure)
  return verdict(errors.map(({ location, text }) => `${location?.file ?? "esbuild"}: ${text}`))
}

/** The lockfile names packages by version and hash; an address would tie it to one registry. */
export const checkLockfile = async () =>
  verdict(
    readFileSync(join(root, "pnpm-lock.yaml"), "utf8").split("\n").flatMap((line, index) =>
      /tarball:|https?:\/\//.test(line) ? [`pnpm-lock.yaml:${index + 1}: ${line.trim()}`] : []
    )
  )

const source = /^(packages|apps)\/[^/]+\/src\//

/** @type {ReadonlyArray<{ pattern: RegExp, within: RegExp, why: string }>} */
const forbidden = [
  {
    pattern: /(?<![\w./:~-])\/(?:root|work|workspaces?|home\/(?!me\b|you\b)\w+|Users\/(?!me\b|you\b)\w+)\/[\w.]/,
    within: /^(?!pnpm-lock\.yaml$|tooling\/scripts\/checks\.mjs$)/,
    why: "names a folder of one machine"
  },
  { pattern: /\bas unknown as\b/, within: source, why: "a cast through unknown hides a type error" }
]

/** Reads every text file that a commit would contain for what none may contain. */
export const checkTexts = async () => {
  const { output } = await run("git", ["ls-files", "-z", "--cached", "--others", "--exclude-standard"], { quiet: true })
  const faults = []
  for (const file of new Set(output.split("\0"))) {
    // A file that is deleted but not yet committed is listed still.
    if (file === "" || !existsSync(join(root, file))) {
      continue
    }
    const text = readFileSync(join(root, file), "utf8")
    const rules = text.includes("\0") ? [] : forbidden.filter(({ within }) => within.test(file))
    for (const [index, line] of rules.length > 0 ? text.split("\n").entries() : []) {
      for (const { why } of rules.filter(({ pattern }) => pattern.test(line))) {
        faults.push(`${file}:${index + 1}: ${why}: ${line.trim().slice(0, 120)}`)
      }
    }
  }
  return verdict(faults)
}
