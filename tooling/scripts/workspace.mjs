/** What `npm start`, `npm test` and `npm run lint` share: set up the workspace with Node and npm alone. */
import { spawn } from "node:child_process"
import { createHash } from "node:crypto"
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs"
import { constants } from "node:os"
import { delimiter, join } from "node:path"
import { fileURLToPath } from "node:url"

/** The root of the repository. */
export const root = fileURLToPath(new URL("../..", import.meta.url))

/** @typedef {{ name: string, private?: boolean, exports?: object, scripts?: Record<string, string>, packageManager?: string }} Manifest */

/** Prints one line about the set-up; stdout belongs to what is being run. @param {string} line */
const say = (line) => process.stderr.write(`${line}\n`)

/** The manifest of the package in a folder of the repository. @param {string} folder @returns {Manifest} */
export const manifest = (folder) => JSON.parse(readFileSync(join(root, folder, "package.json"), "utf8"))

/** The folders of all packages, relative to the root. */
export const packageFolders = () =>
  ["packages", "apps", "tooling"].flatMap((parent) =>
    readdirSync(join(root, parent)).toSorted().map((name) => `${parent}/${name}`)
  ).filter((folder) => existsSync(join(root, folder, "package.json")))

/** @typedef {{ code: number, output: string, interrupted: boolean }} Result */

const terminal = process.stdin.isTTY || process.stdout.isTTY || process.stderr.isTTY

/**
 * Runs a program and passes signals on. A terminal sends Ctrl-C (and its own end) to the program as well, and npm repeats it to
 * us: passing that on would make one Ctrl-C two, so those are passed on only where there is no terminal.
 *
 * @param {string} command
 * @param {ReadonlyArray<string>} args
 * @param {{ quiet?: boolean, shell?: boolean, env?: Record<string, string> }} [options]
 * @returns {Promise<Result>}
 */
export const run = (command, args, { quiet = false, shell = false, env = {} } = {}) =>
  new Promise((done, fail) => {
    const path = [join(root, "node_modules/.bin"), process.env["PATH"]].join(delimiter)
    const child = spawn(command, args, {
      cwd: root,
      env: { ...process.env, TURBO_TELEMETRY_DISABLED: "1", DO_NOT_TRACK: "1", PATH: path, ...env },
      shell,
      stdio: quiet ? ["ignore", "pipe", "pipe"] : "inherit"
    })
    let output = ""
    let interrupted = false
    child.stdout?.setEncoding("utf8").on("data", (text) => output += text)
    child.stderr?.setEncoding("utf8").on("data", (text) => output += text)
    const listeners = /** @type {const} */ (["SIGINT", "SIGTERM", "SIGHUP"]).map((signal) => {
      const listener = () => {
        interrupted = true
        if (signal === "SIGTERM" || !terminal) {
          child.kill(signal)
        }
      }
      process.on(signal, listener)
      return () => process.off(signal, listener)
    })
    child.on("error", fail)
    child.on("close", (code, signal) => {
      for (const remove of listeners) {
        remove()
      }
      done({ code: code ?? 128 + constants.signals[signal ?? "SIGTERM"], output, interrupted })
    })
  })

/**
 * Runs a step of the set-up quietly; shows what it said only when it failed, and ends the process then.
 *
 * @param {string} title
 * @param {() => Promise<Result>} step
 */
const setUp = async (title, step) => {
  say(`${title} …`)
  const { code, interrupted, output } = await step()
  if (interrupted) {
    process.exit(130)
  }
  if (code !== 0) {
    say(`${output}\n${title}: failed. The reason is above.`)
    process.exit(1)
  }
}

const stampFile = join(root, "node_modules/.t3-installed")

/** What decides whether the installed dependencies still fit: every manifest, the lockfile, and the ABI of native modules. */
const stamp = () => {
  const hash = createHash("sha256")
  const manifests = [".", ...packageFolders()].map((folder) => join(folder, "package.json"))
  for (const file of ["pnpm-lock.yaml", "pnpm-workspace.yaml", ...manifests]) {
    hash.update(file).update("\0").update(readFileSync(join(root, file))).update("\0")
  }
  return { tree: hash.digest("hex"), abi: `${process.platform}-${process.arch}-${process.versions.modules}` }
}

/** Checks Node, and installs with the pinned pnpm where the last installation no longer fits. */
export const install = async () => {
  const [major = 0, minor = 0] = process.versions.node.split(".").map(Number)
  if (major < 20 || (major === 20 && minor < 19)) {
    say(
      `T3 needs Node 20.19 or newer, and this is ${process.versions.node}. Install a newer Node, then run the same command.`
    )
    process.exit(1)
  }
  const wanted = stamp()
  const found = existsSync(stampFile) ? JSON.parse(readFileSync(stampFile, "utf8")) : wanted
  if (existsSync(stampFile) && found.tree === wanted.tree && found.abi === wanted.abi) {
    return
  }
  const pnpm = (/** @type {Array<string>} */ ...args) =>
    run("npx", ["--yes", `${manifest(".").packageManager}`, ...args], {
      quiet: true,
      shell: process.platform === "win32"
    })
  await setUp(
    "Installing dependencies",
    () => pnpm("install", "--frozen-lockfile", "--config.confirm-modules-purge=false")
  )
  if (found.abi !== wanted.abi) {
    await setUp("Rebuilding native modules for this Node", () => pnpm("rebuild", "--recursive"))
  }
  writeFileSync(stampFile, JSON.stringify(wanted))
}

/** Runs turbo from the installed dependencies. @param {ReadonlyArray<string>} args @param {{ quiet?: boolean }} [options] */
export const turbo = (args, options) =>
  run(process.execPath, [join(root, "node_modules/turbo/bin/turbo"), "run", ...args, "--no-update-notifier"], options)

/** Builds what `filter` names, from the cache where nothing changed. @param {string} filter */
export const build = (filter) => setUp("Building", () => turbo(["build", `--filter=${filter}`], { quiet: true }))
