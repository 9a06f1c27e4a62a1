/**
 * The private way in: the same API over a socket in the data directory, with the rights of the account that owns it.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import * as fs from "node:fs"
import { connect } from "node:net"
import { dirname } from "node:path"
import type { DataDirectory } from "./DataDirectory.ts"
import { type Handler, listen } from "./network/listen.ts"
import { DirectoryRefused } from "./StartError.ts"

/** The folder of the socket is private before the socket is there: its own mode comes after `listen`, and too late. */
const privateFolder = (folder: string): Effect.Effect<void, DirectoryRefused> =>
  Effect.suspend(() => {
    if (!fs.existsSync(folder)) fs.mkdirSync(folder, { mode: 0o700 })
    const stats = fs.lstatSync(folder)
    return stats.isDirectory() && stats.uid === process.getuid?.() && (stats.mode & 0o077) === 0
      ? Effect.void
      : new DirectoryRefused({
        hint: "Remove it, or choose a --base-dir with a shorter path.",
        message: `The folder ${folder} of the control socket is not private.`,
        reason: "foreign"
      })
  })

/** Whether a server answers at the socket; a file that a killed server left does not. */
export const isAlive = (path: string): Effect.Effect<boolean> =>
  Effect.async<boolean>((resume) => {
    const socket = connect(path)
    const done = (alive: boolean) => {
      socket.destroy()
      resume(Effect.succeed(alive))
    }
    socket.once("connect", () => done(true))
    // EAGAIN: one is there, with more callers waiting than it has room for.
    socket.once("error", (error: NodeJS.ErrnoException) => done(error.code === "EAGAIN"))
  })

/** Listens on the control socket until the scope closes. The caller holds the lock of the directory (`DirectoryRefused`). */
export const open = (
  directory: DataDirectory,
  handler: Handler
): Effect.Effect<void, DirectoryRefused, Scope.Scope> =>
  Effect.gen(function*() {
    yield* privateFolder(dirname(directory.socket))
    // What lies there was left by a server that was killed: the lock says that none is running.
    yield* Effect.sync(() => fs.rmSync(directory.socket, { force: true }))
    yield* listen(handler, { path: directory.socket }).pipe(
      Effect.mapError((error) =>
        new DirectoryRefused({
          hint: "Choose a base directory on a local file system.",
          message: `The control socket ${directory.socket} cannot be opened (${error.code ?? error.message}).`,
          reason: "read-only"
        })
      )
    )
    yield* Effect.sync(() => fs.chmodSync(directory.socket, 0o600))
  })
