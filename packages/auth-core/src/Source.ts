/**
 * Where a request came from: set around it by whoever received it, read by the log and by the limit of failures.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"

/** An address, and the network that one party can have: the IPv4 address itself, or the /64 of an IPv6 address. */
export interface Address {
  readonly address: string
  readonly network: string
}

/** None for what is done on the machine itself, which nothing limits. */
export class Source extends Context.Reference<Source>()("@t3/auth-core/Source", {
  defaultValue: (): Address | undefined => undefined
}) {}
