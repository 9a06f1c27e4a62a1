/**
 * What a server says of itself, before and after pairing.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"
import { ConnectionString } from "./ConnectionString.ts"
import { EnvironmentId } from "./Ids.ts"

/** The version of this protocol. It changes only when an older peer could not go on. */
export const protocolVersion = 1

/** For anyone who can reach the port: no host name, no OS, no program version. */
export const Descriptor = Schema.Struct({
  environmentId: EnvironmentId,
  protocolVersion: Schema.Int,
  authMethods: Schema.Array(Schema.String)
})
export type Descriptor = typeof Descriptor.Type

/** For paired devices. */
export const Environment = Schema.Struct({
  id: EnvironmentId,
  label: Schema.String,
  /** The server's program version. */
  version: Schema.String,
  /** As Node names it: `linux`, `darwin`, `win32`. */
  os: Schema.String,
  /** Addresses under which the server can be reached, best first. */
  endpoints: Schema.Array(ConnectionString)
})
export type Environment = typeof Environment.Type

/** Enough to name it. */
export const EnvironmentName = Schema.Struct({ id: EnvironmentId, label: Schema.String })
export type EnvironmentName = typeof EnvironmentName.Type
