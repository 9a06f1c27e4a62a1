/**
 * Who holds a data directory, and what is said of it to whom it is in the way.
 *
 * @since 0.1.0
 */
import type { Status } from "@t3/protocol/Status"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as ControlSocket from "../ControlSocket.ts"
import type { DataDirectory } from "../DataDirectory.ts"
import { DirectoryHeld } from "../StartError.ts"

/** Who holds the lock: a server for as long as it runs, or a command for a moment. */
export const Holder = Schema.Struct({
  kind: Schema.Literal("server", "command"),
  pid: Schema.Number,
  /** Milliseconds since 1970. */
  since: Schema.Number
})
export type Holder = typeof Holder.Type

/** As a clock on this machine shows it: `2026-01-31 13:05:59 +01:00`. */
const local = (millis: number): string =>
  DateTime.formatIsoOffset(DateTime.setZone(DateTime.unsafeMake(millis), DateTime.zoneMakeLocal()))
    .replace(/^(.{10})T(.{8})\.\d+/, "$1 $2 ")

const nameOf = (holder: Holder | undefined): string =>
  holder === undefined
    ? "Another process"
    : `${holder.kind === "server" ? "A T3 server" : "A t3 command"} (pid ${holder.pid}, since ${local(holder.since)})`

/** A server that is starting has a socket before it has ports. */
const listensAt = ({ endpoints }: Status): string =>
  endpoints.length === 0 ? "has no address yet" : `listens at ${endpoints.join(", ")}`

const elsewhere = "choose another --base-dir"

const byServer = ({ path }: DataDirectory, holder: Holder | undefined, server: Status): DirectoryHeld =>
  new DirectoryHeld({
    hint: `\`t3 pair\` makes a link for it; or ${elsewhere}.`,
    message: `${
      nameOf(holder ?? { kind: "server", pid: server.pid, since: DateTime.toEpochMillis(server.startedAt) })
    } uses ${path} and ${listensAt(server)}.`,
    server
  })

const bySilent = ({ path }: DataDirectory, holder: Holder | undefined): DirectoryHeld =>
  new DirectoryHeld({
    hint: holder === undefined
      ? `Try again in a moment, or ${elsewhere}.`
      : `It may be starting or ending: try again in a moment. End process ${holder.pid} if it hangs, or ${elsewhere}.`,
    message: `${nameOf(holder)} uses ${path}, but does not answer.`
  })

/** The refusal for whom the directory is not free. A server is asked where it listens, and waited for no longer than a second. */
export const heldBy = (directory: DataDirectory, holder: Holder | undefined): Effect.Effect<DirectoryHeld> =>
  holder?.kind === "command"
    ? Effect.succeed(
      new DirectoryHeld({
        hint: "Try again when it has ended.",
        message: `${nameOf(holder)} uses ${directory.path}.`
      })
    )
    : Effect.map(
      ControlSocket.status(directory),
      Option.match({
        onNone: () => bySilent(directory, holder),
        onSome: (server) => byServer(directory, holder, server)
      })
    )
