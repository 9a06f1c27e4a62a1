/**
 * Which addresses a secret may be sent to: https, this machine, and a tailnet, whose traffic is encrypted below.
 *
 * @since 0.1.0
 */
import type { ConnectionString } from "@t3/protocol/ConnectionString"
import { InsecureAddress } from "@t3/protocol/Errors"
import * as Either from "effect/Either"

/** `[::ffff:7f00:1]` is 127.0.0.1: an IPv4 address in IPv6 clothes, as URLs spell it. */
const unmapped = (host: string): string => {
  const mapped = /^\[::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})\]$/.exec(host)
  if (mapped === null) return host
  const [high, low] = [mapped[1], mapped[2]].map((group) => Number.parseInt(group ?? "", 16)) as [number, number]
  return [high >> 8, high & 255, low >> 8, low & 255].join(".")
}

const isLoopbackHost = (host: string): boolean =>
  host === "[::1]" || /^127(\.\d+){3}$/.test(host) || /^(.+\.)?localhost\.?$/.test(host)

/** 100.64.0.0/10, fd7a:115c:a1e0::/48, and the names that Tailscale gives out. */
const isTailnet = (host: string): boolean => {
  const second = /^100\.(\d+)\.\d+\.\d+$/.exec(host)?.[1]
  return (second !== undefined && (Number(second) & 0b1100_0000) === 64)
    || host.startsWith("[fd7a:115c:a1e0:")
    || /\.ts\.net\.?$/.test(host)
}

/** `URL` brings the host to its one canonical spelling: lower case, dotted decimal, compressed IPv6. */
const hostOf = (address: ConnectionString): string => unmapped(new URL(address).hostname)

/** Whether the address is of the machine that uses it, and of no other. */
export const isLoopback = (address: ConnectionString): boolean => isLoopbackHost(hostOf(address))

/** Whether nobody on the way can read what is sent to this address. */
export const isSecure = (address: ConnectionString): boolean =>
  address.startsWith("https:") || isLoopback(address) || isTailnet(hostOf(address))

/** The address, if secrets may go there; `allowInsecure` is the decision of a person who trusts that network. */
export const check = (
  address: ConnectionString,
  options: { readonly allowInsecure?: boolean | undefined }
): Either.Either<ConnectionString, InsecureAddress> =>
  options.allowInsecure === true || isSecure(address)
    ? Either.right(address)
    : Either.left(
      new InsecureAddress({
        hint: "Use its tailnet address or https; or, if you trust that network, allow it (allowInsecure).",
        message: `${address} is plain HTTP and no tailnet address: anyone on the way could read the secret.`
      })
    )
