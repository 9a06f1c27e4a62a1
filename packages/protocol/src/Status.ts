/**
 * What a running server tells the account that owns its data directory, over the control socket.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"
import { ConnectionString } from "./ConnectionString.ts"
import { EnvironmentName } from "./Environment.ts"

export const Status = Schema.Struct({
  environment: EnvironmentName,
  /** The server's program version. */
  version: Schema.String,
  pid: Schema.Int,
  startedAt: Schema.DateTimeUtc,
  /** Addresses under which it can be reached, best first. */
  endpoints: Schema.Array(ConnectionString),
  /** Live connections of devices at this moment. */
  connections: Schema.NonNegativeInt
})
export type Status = typeof Status.Type
