/**
 * Which `Host` and `Origin` a request may carry: the defence against DNS rebinding and cross-site requests.
 *
 * @since 0.1.0
 */
import * as Option from "effect/Option"
import { hostname } from "node:os"
import * as Address from "./Address.ts"

/** How a connection came in. */
export interface Arrival {
  /** The address of this machine that it was made to. */
  readonly localAddress: string
  readonly localPort: number
}

/** The names of a server, in lower case, beside its addresses. */
export type Names = ReadonlySet<string>

interface HostPort {
  readonly host: string
  readonly port: number
}

/** In lower case, without the dot that may end a name. */
const canonical = (host: string): string => host.toLowerCase().replace(/\.$/, "")

/** RFC 9110, 7.2: host, and a port where it is not the scheme's own. Nothing else may stand in it. */
const parseHost = (header: string): Option.Option<HostPort> => {
  const match = /^(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(?::(\d{1,5}))?$/i.exec(header)
  const host = match?.[1]
  const port = Number(match?.[2] ?? 80)
  return host === undefined || port > 65_535 ? Option.none() : Option.some({ host: canonical(host), port })
}

/** This machine's own names, and those that the owner configured. */
export const namesOf = (configured: ReadonlyArray<string>): Names => {
  const own = canonical(hostname())
  const short = own.replace(/\..*$/, "")
  return new Set([own, short, `${short}.local`, ...configured.map(canonical)])
}

const isLoopbackName = (host: string): boolean => host === "localhost" || host.endsWith(".localhost")

/**
 * Loopback names and addresses are allowed with any port, so that `ssh -L` and port mappings work; the address that
 * the connection was made to and the server's names, with the port that is bound.
 */
export const allowsHost = (names: Names, arrival: Arrival, header: string): boolean =>
  Option.match(parseHost(header), {
    onNone: () => false,
    onSome: ({ host, port }) => {
      if (isLoopbackName(host)) return true
      const address = Option.getOrUndefined(Address.parse(host))
      if (address?.kind === "loopback") return true
      if (port !== arrival.localPort) return false
      if (names.has(host)) return true
      if (address === undefined) return false
      return names.has(Address.inUrl(address)) ||
        Option.exists(Address.parse(arrival.localAddress), (local) => local.text === address.text)
    }
  })

/** Whether a page of `origin` is the server's own, under the `Host` of the same request, which is allowed already. */
export const allowsOrigin = (origin: string, header: string): boolean => {
  const host = origin.startsWith("http://") ? parseHost(origin.slice("http://".length)) : Option.none()
  return Option.exists(
    host,
    (theirs) => Option.exists(parseHost(header), (ours) => ours.host === theirs.host && ours.port === theirs.port)
  )
}
