/**
 * The addresses that are told to devices, best first.
 *
 * @since 0.1.0
 */
import type { ConnectionString } from "@t3/protocol/ConnectionString"
import * as Arr from "effect/Array"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { createSocket } from "node:dgram"
import * as Address from "./Address.ts"

/** An address that is told to devices. */
export interface Endpoint {
  readonly connectionString: ConnectionString
  readonly kind: "loopback" | "lan" | "tailnet" | "custom"
}

/** An address of TEST-NET-1 (RFC 5737) and one of the v6 documentation prefix (RFC 3849): routed nowhere, sent nothing. */
const elsewhere = { 4: "192.0.2.1", 6: "2001:db8::1" } as const

/** Interfaces of containers and virtual machines, which other devices do not reach. */
const virtual = /^(docker|br-|veth|virbr|vmnet|vboxnet|lxc|lxd|cni|podman|kube|flannel|cali)/

/** The address that the default route leaves from. Connecting a datagram socket asks the routing table, and sends nothing. */
const defaultRoute = (family: 4 | 6): Effect.Effect<Option.Option<Address.Address>> =>
  Effect.async((resume) => {
    const socket = createSocket(family === 4 ? "udp4" : "udp6")
    const done = (address: Option.Option<Address.Address>) => {
      socket.close()
      resume(Effect.succeed(address))
    }
    socket.once("error", () => done(Option.none()))
    socket.connect(9, elsewhere[family], () => done(Address.parse(socket.address().address)))
  })

/** Where an address for every interface can be reached: the default route first, then what else others might reach. */
const reachable = (family: 4 | 6): Effect.Effect<ReadonlyArray<Address.Address>> =>
  Effect.map(defaultRoute(family), (best) => {
    const others = Address.ofThisMachine()
      .filter((local) => local.address.family === family && !virtual.test(local.interface))
      .map((local) => local.address)
    // Without a route the socket has the address of every interface, which is nobody's.
    return [...Option.toArray(best), ...others].filter(({ kind }) => !["any", "link-local", "loopback"].includes(kind))
  })

/** What the owner named comes first, what only this machine reaches last; between them the order they were found in. */
const rank: Readonly<Record<Endpoint["kind"], number>> = { custom: 0, tailnet: 1, lan: 1, loopback: 2 }

const toConnectionString = (host: string, port: number): ConnectionString =>
  `http://${host}${port === 80 ? "" : `:${port}`}` as ConnectionString

const toEndpoint = (port: number) => (address: Address.Address): Endpoint => ({
  connectionString: toConnectionString(Address.inUrl(address), port),
  kind: address.kind === "loopback" || address.kind === "tailnet" ? address.kind : "lan"
})

/** The endpoints of what is bound, and of the hosts to print in its place (as they stand in a URL). */
export const ofBound = (
  bound: ReadonlyArray<Address.Address>,
  port: number,
  advertised: ReadonlyArray<string>
): Effect.Effect<ReadonlyArray<Endpoint>> =>
  Effect.gen(function*() {
    const loopback = Option.toArray(Address.parse("127.0.0.1"))
    const found = yield* Effect.forEach(bound, (address) => {
      if (address.kind !== "any") return Effect.succeed([address])
      // A v6 listener for every interface takes v4 connections too.
      const families = address.family === 6 ? [4, 6] as const : [4] as const
      return Effect.map(Effect.forEach(families, reachable), (all) => [...all.flat(), ...loopback])
    })
    const custom = advertised.map((host): Endpoint => ({
      connectionString: toConnectionString(host, port),
      kind: "custom"
    }))
    const unique = Arr.dedupeWith(
      [...custom, ...found.flat().map(toEndpoint(port))],
      (a, b) => a.connectionString === b.connectionString
    )
    return unique.sort((a, b) => rank[a.kind] - rank[b.kind])
  })
