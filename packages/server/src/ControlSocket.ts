/**
 * The private way in: the same API over a socket in the data directory, with the rights of the account that owns it.
 *
 * A Unix socket is protected by its folder, a named pipe of Windows by a key in that folder.
 *
 * @since 0.1.0
 */
import { Status } from "@t3/protocol/Status"
import * as Effect from "effect/Effect"
import type * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import * as fs from "node:fs"
import { request } from "node:http"
import { connect } from "node:net"
import { dirname, join } from "node:path"
import * as ControlKey from "./ControlKey.ts"
import type { DataDirectory } from "./DataDirectory.ts"
import { type Handler, listen } from "./network/listen.ts"
import { DirectoryRefused } from "./StartError.ts"

/** A pipe is a name: it has no folder and no mode, and goes with its process. */
const isPipe = (path: string): boolean => path.startsWith("\\\\.\\pipe\\")

/** Whether `folder` is one's own, and others have none of the rights `mask`; a link to such a folder is not. */
const isOwn = (folder: string, mask: number): boolean => {
  try {
    const stats = fs.lstatSync(folder)
    return stats.isDirectory() && stats.uid === process.getuid?.() && (stats.mode & mask) === 0
  } catch {
    return false
  }
}

/** Whether a server answers at the socket; a file that a killed server left does not. */
export const isAlive = (path: string): Effect.Effect<boolean> =>
  Effect.async<boolean>((resume) => {
    // Whoever can write to the folder could have put a socket there.
    if (!isPipe(path) && !isOwn(dirname(path), 0o022)) return resume(Effect.succeed(false))
    const socket = connect(path)
    const done = (alive: boolean) => {
      socket.destroy()
      resume(Effect.succeed(alive))
    }
    socket.once("connect", () => done(true))
    // EAGAIN: one is there, with more callers waiting than it has room for.
    socket.once("error", (error: NodeJS.ErrnoException) => done(error.code === "EAGAIN"))
  })

/** The body of the answer to one `GET`; nothing of it where the connection breaks off. */
const get = (directory: DataDirectory, path: string): Effect.Effect<string> =>
  Effect.flatMap(ControlKey.headers(directory), (headers) =>
    Effect.async<string>((resume, signal) => {
      let text = ""
      const broken = () => resume(Effect.succeed(""))
      request({ headers, path, signal, socketPath: directory.socket }, (response) => {
        response.setEncoding("utf8")
        response.on("data", (chunk) => {
          text += String(chunk)
        })
        response.once("error", broken)
        response.once("end", () => resume(Effect.succeed(text)))
      }).once("error", broken).end()
    }))

const decodeStatus = Schema.decode(Schema.parseJson(Status))

/** What the server that runs there says of itself; none where none does, or where it does not answer within a second. */
export const status = (directory: DataDirectory): Effect.Effect<Option.Option<Status>> =>
  isAlive(directory.socket).pipe(
    Effect.filterOrFail((alive) => alive),
    Effect.zipRight(get(directory, "/api/status")),
    Effect.flatMap(decodeStatus),
    Effect.timeout("1 second"),
    Effect.option
  )

/** The folder of the socket is private before the socket is there: its own mode comes after `listen`, and too late. */
const makePrivate = (folder: string): Effect.Effect<void, DirectoryRefused> =>
  Effect.suspend(() => {
    try {
      fs.mkdirSync(folder, { mode: 0o700 })
    } catch {
      // It is there, or the next look says what is wrong.
    }
    return isOwn(folder, 0o077) ? Effect.void : new DirectoryRefused({
      hint: "Remove it, or choose a --base-dir with a shorter path.",
      message: `The folder ${folder} of the control socket is not private.`,
      reason: "foreign"
    })
  })

/** A folder outside the data directory goes with the scope, if nothing else is in it. */
const privateFolder = (folder: string, path: string): Effect.Effect<void, DirectoryRefused, Scope.Scope> =>
  folder === path
    ? makePrivate(folder)
    : Effect.acquireRelease(makePrivate(folder), () => Effect.ignore(Effect.try(() => fs.rmdirSync(folder))))

const cannotOpen = (path: string) => (error: NodeJS.ErrnoException) =>
  new DirectoryRefused({
    hint: isPipe(path)
      ? "Another program has that name: end it, or choose another --base-dir."
      : "Choose a base directory on a local file system.",
    message: `The control socket ${path} cannot be opened (${error.code ?? error.message}).`,
    reason: "read-only"
  })

/** Which file a name leads to; an inode is not used anew while a socket is bound to it. */
const identityOf = (path: string): string | undefined => {
  const stats = fs.lstatSync(path, { bigint: true, throwIfNoEntry: false })
  return stats && `${stats.dev}:${stats.ino}`
}

/**
 * Gives a bound socket its name, in place of what a killed server left there: the lock says that none is running. With
 * the scope the name goes, unless it has become another's.
 */
const name = (bound: string, path: string): Effect.Effect<void, NodeJS.ErrnoException, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.try({
      try: () => {
        fs.chmodSync(bound, 0o600)
        fs.renameSync(bound, path)
        return identityOf(path)
      },
      catch: (cause) => cause as NodeJS.ErrnoException
    }),
    (own) =>
      Effect.sync(() => {
        if (identityOf(path) === own) fs.rmSync(path, { force: true })
      })
  )

/** Listens under another name first, one as long: Node removes whatever has the name that it bound when it closes. */
const listenInFolder = ({ path, socket }: DataDirectory, handler: Handler) =>
  Effect.gen(function*() {
    const folder = dirname(socket)
    const bound = join(folder, "control.bind")
    yield* privateFolder(folder, path)
    yield* Effect.sync(() => fs.rmSync(bound, { force: true }))
    yield* Effect.mapError(listen(handler, { path: bound }), cannotOpen(socket))
    yield* Effect.mapError(name(bound, socket), cannotOpen(socket))
  })

/** Listens on the control socket until the scope closes. The caller holds the lock of the directory (`DirectoryRefused`). */
export const open = (
  directory: DataDirectory,
  handler: Handler
): Effect.Effect<void, DirectoryRefused, Scope.Scope> =>
  Effect.gen(function*() {
    const { controlKey, socket } = directory
    // The key is there before anyone can ask.
    const guarded = controlKey === undefined ? handler : ControlKey.demand(yield* ControlKey.write(controlKey), handler)
    yield* isPipe(socket)
      ? Effect.mapError(listen(guarded, { path: socket }), cannotOpen(socket))
      : listenInFolder(directory, guarded)
  })
