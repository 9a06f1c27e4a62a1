/**
 * What `--host` means: exactly the addresses that it names, and nothing else.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { lookup } from "node:dns/promises"
import { HostRefused } from "../StartError.ts"
import * as Address from "./Address.ts"

const refuse = (message: string, hint: string) => new HostRefused({ hint, message })

/** As it was typed, unless it has blanks or line breaks, as the output of a command may. */
const shown = (host: string): string => /^[\x21-\x7e]+$/.test(host) ? host : JSON.stringify(host)

const addressesHere = (): string => {
  const here = Address.ofThisMachine()
    .filter(({ address }) => address.kind !== "link-local")
    .map((local) => `${local.address.text} (${local.interface})`)
  return `Addresses of this machine: ${here.join(", ")}.`
}

/** Every address of 127.0.0.0/8 is this machine's, though no interface lists more than one. */
const isHere = (address: Address.Address, here: ReadonlyArray<Address.Local>): boolean =>
  address.kind === "any" || (address.kind === "loopback" && address.family === 4) ||
  here.some((local) => local.address.text === address.text)

const fromName = (name: string, here: ReadonlyArray<Address.Local>) =>
  Effect.tryPromise({
    try: () => lookup(name, { all: true }),
    catch: () => refuse(`--host ${shown(name)} is no address, interface or known name.`, addressesHere())
  }).pipe(
    Effect.map((found) => found.flatMap(({ address }) => Option.toArray(Address.parse(address)))),
    Effect.filterOrFail(
      (found) => found.some((address) => isHere(address, here)),
      () => refuse(`--host ${shown(name)} is not a name of this machine.`, addressesHere())
    ),
    Effect.map((found) => found.filter((address) => isHere(address, here)))
  )

/** The addresses behind one `--host`: an address, an interface, or a name of this machine (`HostRefused`). */
const resolve = (host: string): Effect.Effect<ReadonlyArray<Address.Address>, HostRefused> =>
  Effect.suspend(() => {
    const text = host.trim()
    if (text === "") {
      return refuse(
        "--host is empty, which would name no address.",
        "If it came from a command such as $(tailscale ip -4), check that the command prints something."
      )
    }
    const here = Address.ofThisMachine()
    const carried = here.filter((local) => local.interface === text).map((local) => local.address)
    const usable = carried.filter((address) => address.kind !== "link-local")
    if (usable.length > 0) return Effect.succeed(usable)
    if (carried.length > 0) return refuse(`--host ${text} has link-local addresses only.`, addressesHere())
    return Option.match(Address.parse(text), {
      onNone: () => fromName(text, here),
      onSome: (address) =>
        isHere(address, here)
          ? Effect.succeed([address])
          : refuse(`--host ${text} is no address of this machine.`, addressesHere())
    })
  })

/** An address for every interface makes the single ones of its family redundant, and their ports taken. */
const withoutCovered = (addresses: ReadonlyArray<Address.Address>): ReadonlyArray<Address.Address> => {
  const any6 = addresses.some((it) => it.kind === "any" && it.family === 6)
  const any4 = any6 || addresses.some((it) => it.kind === "any" && it.family === 4)
  return addresses.filter((it) => it.kind === "any" ? it.family === 6 || !any6 : !(it.family === 4 ? any4 : any6))
}

/** 127.0.0.1, which every machine has, and ::1 where there is one. */
const loopback = (): ReadonlyArray<Address.Address> => {
  const here = Address.ofThisMachine()
  return ["127.0.0.1", "::1"].flatMap((text) => Option.toArray(Address.parse(text)))
    .filter((address) => isHere(address, here))
}

/** The addresses to bind, each once; loopback where no host is named (`HostRefused`). */
export const resolveAll = (
  hosts: ReadonlyArray<string>
): Effect.Effect<ReadonlyArray<Address.Address>, HostRefused> => {
  if (hosts.length === 0) return Effect.sync(loopback)
  return Effect.map(Effect.forEach(hosts, resolve), (all) => {
    const unique = new Map(all.flat().map((address) => [address.text, address]))
    return withoutCovered(Array.from(unique.values()))
  })
}

/** Checks a host that is to be printed in place of what is bound: a name or an address, no URL (`HostRefused`). */
export const advertised = (host: string): Effect.Effect<string, HostRefused> => {
  const text = host.trim()
  const address = Address.parse(text)
  if (Option.isSome(address)) return Effect.succeed(Address.inUrl(address.value))
  return /^(?=.{1,253}$)[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*\.?$/i.test(text)
    ? Effect.succeed(text.toLowerCase())
    : refuse(
      `--advertise-host ${JSON.stringify(host)} is no host name or address.`,
      "Give the name alone, without http:// and port."
    )
}
