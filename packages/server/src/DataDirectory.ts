/**
 * The one folder in which an environment keeps everything.
 *
 * @since 0.1.0
 */
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { createHash } from "node:crypto"
import * as fs from "node:fs"
import * as os from "node:os"
import { join } from "node:path"
import { DirectoryRefused } from "./StartError.ts"

/** Where things lie in it. */
export interface DataDirectory {
  readonly path: string
  readonly database: string
  /** Held by the process that may write. */
  readonly lock: string
  /** The private socket of a running server: a file, or on Windows the name of a pipe. */
  readonly socket: string
  /** The file of the key that calls over the socket must carry; none where the folder of the socket protects it. */
  readonly controlKey: string | undefined
  /** Environments that this machine is paired with. */
  readonly environments: string
}

/** Longer socket paths are cut without a word by the operating system (`sun_path` has 104 bytes on macOS, 108 on Linux). */
const socketPathLimit = 103

const hashOf = (path: string): string => createHash("sha256").update(path).digest("hex")

const socketOf = (path: string): string => {
  const inside = join(path, "control.sock")
  if (Buffer.byteLength(inside) <= socketPathLimit) return inside
  // Not XDG_RUNTIME_DIR or TMPDIR: a service and a shell of one account would look in different places.
  return join("/tmp", `t3-${os.userInfo().uid}-${hashOf(path).slice(0, 16)}`, "control.sock")
}

/** Pipes have one name space for the whole machine. Windows takes upper and lower case for the same folder. */
const pipeOf = (path: string): string => `\\\\.\\pipe\\t3-${hashOf(path.toLowerCase()).slice(0, 32)}`

/** The names, whether or not anything is there. `path` is absolute. */
export const at = (path: string, platform: NodeJS.Platform = process.platform): DataDirectory => {
  const windows = platform === "win32"
  return {
    path,
    // Who may open a pipe does not depend on the folder.
    controlKey: windows ? join(path, "control.key") : undefined,
    database: join(path, "t3.db"),
    environments: join(path, "environments.json"),
    lock: join(path, "lock.db"),
    socket: windows ? pipeOf(path) : socketOf(path)
  }
}

/** The names in the folder behind `path`: whoever comes by a link, or spells it otherwise, must find the same socket. */
const resolved = (path: string): DataDirectory => at(fs.realpathSync.native(path))

class NoEntry extends Data.TaggedError("NoEntry") {}

const refuse = (reason: DirectoryRefused["reason"], message: string, hint: string) =>
  new DirectoryRefused({ hint, message, reason })

const other = "Choose another folder with --base-dir, or T3_HOME."

const statOf = (path: string): Effect.Effect<fs.Stats, NoEntry | DirectoryRefused> =>
  Effect.try({
    try: () => fs.statSync(path),
    catch: (cause) => {
      const { code } = cause as NodeJS.ErrnoException
      if (code === "ENOENT") return new NoEntry()
      return code === "ENOTDIR"
        ? refuse("not-a-directory", `${path} lies below something that is no folder.`, other)
        : refuse("foreign", `${path} cannot be looked at (${code}).`, other)
    }
  })

/** Refuses a folder that is not one's own, or that others could write to. */
const checkOwner = (path: string, stats: fs.Stats): Effect.Effect<void, DirectoryRefused> =>
  Effect.gen(function*() {
    if (!stats.isDirectory()) return yield* refuse("not-a-directory", `${path} is not a folder.`, other)
    if (process.getuid === undefined) return
    if (stats.uid !== process.getuid()) {
      return yield* refuse("foreign", `${path} belongs to another user (uid ${stats.uid}).`, other)
    }
    if ((stats.mode & 0o022) !== 0) {
      return yield* refuse("writable", `${path} can be written by other users.`, `Run: chmod 700 ${path}`)
    }
  })

/** The mode says what the owner wants, also to root, whom it does not stop. */
const checkWritable = (path: string, stats: fs.Stats): Effect.Effect<void, DirectoryRefused> =>
  Effect.try({
    try: () => fs.accessSync(path, fs.constants.R_OK | fs.constants.W_OK | fs.constants.X_OK),
    catch: () => refuse("read-only", `${path} is read-only.`, other)
  }).pipe(
    Effect.filterOrFail(
      () => process.getuid === undefined || (stats.mode & 0o700) === 0o700,
      () => refuse("read-only", `${path} is read-only.`, `Run: chmod 700 ${path}. ${other}`)
    )
  )

/** Makes a folder that others could read private. */
const tighten = (path: string, stats: fs.Stats): Effect.Effect<void, DirectoryRefused> =>
  process.getuid === undefined || (stats.mode & 0o055) === 0 ? Effect.void : Effect.try({
    try: () => fs.chmodSync(path, 0o700),
    catch: () => refuse("read-only", `${path} can be read by other users, and cannot be changed.`, other)
  }).pipe(Effect.zipRight(Effect.logWarning(`${path} could be read by other users; it is now private (0700).`)))

const create = (path: string): Effect.Effect<void, DirectoryRefused> =>
  Effect.try({
    try: () => {
      fs.mkdirSync(path, { mode: 0o700, recursive: true })
      fs.chmodSync(path, 0o700)
    },
    catch: (cause) =>
      refuse("read-only", `${path} cannot be created (${(cause as NodeJS.ErrnoException).code}).`, other)
  })

/** Looks, and creates nothing: none where there is no folder (`DirectoryRefused`). */
export const find = (path: string): Effect.Effect<Option.Option<DataDirectory>, DirectoryRefused> =>
  statOf(path).pipe(
    Effect.flatMap((stats) => checkOwner(path, stats)),
    Effect.map(() => Option.some(resolved(path))),
    Effect.catchTag("NoEntry", () => Effect.succeedNone)
  )

/** Makes the folder ready to write in: created if missing, private, one's own (`DirectoryRefused`). */
export const prepare = (path: string): Effect.Effect<DataDirectory, DirectoryRefused> =>
  statOf(path).pipe(
    Effect.catchTag("NoEntry", () => Effect.zipRight(create(path), Effect.orDie(statOf(path)))),
    Effect.tap((stats) => checkOwner(path, stats)),
    Effect.tap((stats) => checkWritable(path, stats)),
    Effect.tap((stats) => tighten(path, stats)),
    Effect.map(() => resolved(path))
  )
