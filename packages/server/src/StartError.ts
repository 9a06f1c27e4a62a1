/**
 * Why a server, or a command that works on its data directory, could not start. Each names the value and the next step.
 *
 * @since 0.1.0
 */
import type { Status } from "@t3/protocol/Status"
import * as Data from "effect/Data"

interface Told {
  /** What happened, for a person; names the value. */
  readonly message: string
  /** What to do next. */
  readonly hint: string
}

/** The base directory cannot be used: `not-a-directory`, `read-only`, `foreign` (another user's) or `writable` (by others). */
export class DirectoryRefused extends Data.TaggedError("DirectoryRefused")<
  Told & { readonly reason: "not-a-directory" | "read-only" | "foreign" | "writable" }
> {}

/** Another process holds the data directory. */
export class DirectoryHeld extends Data.TaggedError("DirectoryHeld")<
  Told & {
    /** What the server that holds it says of itself; absent where it is a command, or does not answer. */
    readonly server?: Status
  }
> {}

/** The database cannot be used and was left as it is: `corrupt`, `newer` (a later version made it) or `failed`. */
export class DatabaseRefused extends Data.TaggedError("DatabaseRefused")<
  Told & { readonly reason: "corrupt" | "newer" | "failed" }
> {}

/** A host to bind or to advertise that is empty, malformed, or none of this machine's. */
export class HostRefused extends Data.TaggedError("HostRefused")<Told> {}

/** The port is taken, or may not be bound (`reason`). */
export class PortRefused extends Data.TaggedError("PortRefused")<Told & { readonly reason: "taken" | "forbidden" }> {}

/** The folder to work in is missing or no folder. */
export class FolderRefused extends Data.TaggedError("FolderRefused")<Told> {}

/** Anything that keeps a server from starting. */
export type StartError =
  | DirectoryRefused
  | DirectoryHeld
  | DatabaseRefused
  | HostRefused
  | PortRefused
  | FolderRefused
