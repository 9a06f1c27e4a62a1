/**
 * The environments that this device is paired with, by name. A port: Node keeps them in a file, a browser elsewhere.
 *
 * @since 0.1.0
 */
import { ConnectionString } from "@t3/protocol/ConnectionString"
import type { Conflict, Invalid, NotFound, Unavailable, VersionMismatch } from "@t3/protocol/Errors"
import { DeviceId, EnvironmentId, SessionId } from "@t3/protocol/Ids"
import { Role } from "@t3/protocol/Scope"
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"

/** One environment as it is kept. Encoded, it holds the session's secret in clear. */
export const SavedEnvironment = Schema.Struct({
  /** Unique among the saved ones; a person's handle for it. */
  name: Schema.String,
  environmentId: EnvironmentId,
  label: Schema.String,
  connectionString: ConnectionString,
  sessionId: SessionId,
  deviceId: DeviceId,
  role: Role,
  scopes: Schema.Array(Schema.String),
  token: Schema.Redacted(Schema.String.annotations({ message: () => "not a token" })),
  pairedAt: Schema.DateTimeUtc
})
export type SavedEnvironment = typeof SavedEnvironment.Type

/** What to save. Without a name it gets the environment's label, or keeps the name that it already has here. */
export type NewEnvironment = Omit<SavedEnvironment, "name"> & { readonly name?: string }

/** What keeps the store from being read: it is damaged or out of reach, or a newer program wrote it. */
export type StoreFault = Unavailable | VersionMismatch

export class EnvironmentStore extends Context.Tag("@t3/client/EnvironmentStore")<EnvironmentStore, {
  /** All of them, in the order in which they were first saved. */
  readonly list: Effect.Effect<ReadonlyArray<SavedEnvironment>, StoreFault>
  readonly get: (name: string) => Effect.Effect<SavedEnvironment, NotFound | StoreFault>
  /**
   * Adds it, or replaces the entry of the same `environmentId`. A name that another environment has gets `-2`, `-3`
   * and so on. Gives what was saved.
   */
  readonly save: (environment: NewEnvironment) => Effect.Effect<SavedEnvironment, StoreFault>
  /** Gives the entry under its new name (`Conflict` if another has it). */
  readonly rename: (
    name: string,
    newName: string
  ) => Effect.Effect<SavedEnvironment, NotFound | Conflict | Invalid | StoreFault>
  /** Removes the entry and gives it, so that its session can be ended. */
  readonly forget: (name: string) => Effect.Effect<SavedEnvironment, NotFound | StoreFault>
}>() {}
