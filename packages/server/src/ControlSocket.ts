/**
 * The private way in: the same API over a socket in the data directory, with the rights of the account that owns it.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as fs from "node:fs"
import { connect } from "node:net"
import { dirname } from "node:path"
import type { DataDirectory } from "./DataDirectory.ts"
import { type Handler, listen } from "./network/listen.ts"
import { DirectoryRefused } from "./StartError.ts"

/** The folder of the socket is private before the socket is there: its own mode comes after `listen`, and too late. */
const privateFolder = (folder: string): Effect.Effect<void, DirectoryRefused> =>
  Effect.suspend(() => {
    fs.mkdirSync(folder, { mode: 0o700, recursive: true })
    const stats = fs.lstatSync(folder)
    return stats.isDirectory() && stats.uid === process.getuid?.() && (stats.mode & 0o077) === 0
      ? Effect.void
      : new DirectoryRefused({
        hint: "Remove it, or set XDG_RUNTIME_DIR to a private folder.",
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
    socket.once("error", () => done(false))
  })

/** Listens on the control socket while the layer lives. The caller holds the lock of the directory (`DirectoryRefused`). */
export const layer = (directory: DataDirectory, handler: Handler): Layer.Layer<never, DirectoryRefused> =>
  Layer.scopedDiscard(Effect.gen(function*() {
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
  }))
