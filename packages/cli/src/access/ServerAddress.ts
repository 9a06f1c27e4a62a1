/**
 * Where the server of the environment that is administered can be reached, for links.
 *
 * @since 0.1.0
 */
import type { ConnectionString } from "@t3/protocol/ConnectionString"
import type { Refusal } from "@t3/protocol/Errors"
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type * as Option from "effect/Option"

export class ServerAddress extends Context.Tag("@t3/cli/ServerAddress")<ServerAddress, {
  /** The best address for other devices; none while no server runs. */
  readonly best: Effect.Effect<Option.Option<ConnectionString>, Refusal>
}>() {}
