/**
 * IP addresses: parsed and classified, never compared as text.
 *
 * @since 0.1.0
 */
import * as Option from "effect/Option"
import ipaddr from "ipaddr.js"
import { networkInterfaces } from "node:os"

/** Who can reach a machine under an address of this kind. */
export type Kind = "any" | "loopback" | "link-local" | "tailnet" | "private" | "public"

/** An address in its one canonical spelling; a v4 address mapped into v6 is the v4 address. */
export interface Address {
  readonly text: string
  readonly family: 4 | 6
  readonly kind: Kind
}

/** Tailscale's ranges: https://tailscale.com/kb/1015/100.x-addresses and its ULA prefix. */
const tailnet4 = ipaddr.parseCIDR("100.64.0.0/10")
const tailnet6 = ipaddr.parseCIDR("fd7a:115c:a1e0::/48")

const inTailnet = (ip: ipaddr.IPv4 | ipaddr.IPv6): boolean =>
  ip.kind() === "ipv4" ? ip.match(tailnet4) : ip.match(tailnet6)

const kinds: Readonly<Record<string, Kind>> = {
  linkLocal: "link-local",
  loopback: "loopback",
  private: "private",
  uniqueLocal: "private"
}

const kindOf = (ip: ipaddr.IPv4 | ipaddr.IPv6): Kind => {
  if (inTailnet(ip)) return "tailnet"
  // The library calls all of 0.0.0.0/8 unspecified; only 0.0.0.0 itself means every interface.
  if (ip.toByteArray().every((byte) => byte === 0)) return "any"
  return kinds[ip.range()] ?? "public"
}

/** Reads an address in any spelling (`127.1`, `0x7f.0.0.1`, `[::1]`, `::ffff:127.0.0.1`, with a zone); none for a name. */
export const parse = (text: string): Option.Option<Address> => {
  const bare = text.startsWith("[") && text.endsWith("]") ? text.slice(1, -1) : text
  if (!ipaddr.isValid(bare)) return Option.none()
  const ip = ipaddr.process(bare)
  return Option.some({ family: ip.kind() === "ipv4" ? 4 : 6, kind: kindOf(ip), text: ip.toString() })
}

/** What one party can have: the v4 address itself, or the /64 of a v6 address (RFC 6177), in which it may take any. */
export const networkOf = (address: Address): string => {
  if (address.family === 4) return address.text
  return `${ipaddr.IPv6.networkAddressFromCIDR(`${address.text.replace(/%.*$/, "")}/64`).toString()}/64`
}

/** The address as it stands in a URL: a v6 address in brackets, its zone (RFC 6874) left out, since browsers take none. */
export const inUrl = (address: Address): string =>
  address.family === 4 ? address.text : `[${address.text.replace(/%.*$/, "")}]`

/** An address of this machine, with the interface that carries it. */
export interface Local {
  readonly address: Address
  readonly interface: string
}

/** Every address of this machine at this moment. */
export const ofThisMachine = (): ReadonlyArray<Local> =>
  Object.entries(networkInterfaces()).flatMap(([name, infos]) =>
    (infos ?? []).flatMap((info) => {
      const scoped = info.family === "IPv6" && info.scopeid !== 0 ? `${info.address}%${name}` : info.address
      return Option.match(parse(scoped), { onNone: () => [], onSome: (address) => [{ address, interface: name }] })
    })
  )
