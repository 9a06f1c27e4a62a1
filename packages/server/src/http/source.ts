/** Where a request came from, for the log and for the limit of failures. */
import type { Address } from "@t3/auth-core/Source"
import * as Option from "effect/Option"
import { networkOf, parse } from "../network/Address.ts"

/** The peer of the connection; none for a socket that is no network's. */
export const sourceOf = (remoteAddress: string | undefined): Address | undefined =>
  Option.match(Option.flatMap(Option.fromNullable(remoteAddress), parse), {
    onNone: () => undefined,
    onSome: (address) => ({ address: address.text, network: networkOf(address) })
  })
