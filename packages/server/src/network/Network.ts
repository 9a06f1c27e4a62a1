/**
 * Bind and advertise: the listeners, and the addresses that are told to devices.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Ref from "effect/Ref"
import type * as Scope from "effect/Scope"
import type { HostRefused, PortRefused } from "../StartError.ts"
import { bind, type Served } from "./bind.ts"
import * as Binding from "./Binding.ts"
import * as Endpoint from "./Endpoint.ts"
import * as HostRule from "./HostRule.ts"

/** What to bind and what to tell. */
export interface Options {
  /** Addresses, names or interfaces of this machine to bind, and nothing else; loopback where there are none. */
  readonly hosts: ReadonlyArray<string>
  /** 0 to 65535; 0 picks a free port. */
  readonly port: number
  /** Host names or addresses to print in place of what is bound. */
  readonly advertiseHosts: ReadonlyArray<string>
}

export class Network extends Context.Tag("@t3/server/Network")<Network, {
  /** Names that a request may carry as its `Host`, beside addresses. */
  readonly names: HostRule.Names
  /** The addresses to tell devices at this moment, best first; none before anything listens. */
  readonly endpoints: Effect.Effect<ReadonlyArray<Endpoint.Endpoint>>
  /** Opens the ports for one application, until the scope closes (`PortRefused`). */
  readonly serve: (served: Served) => Effect.Effect<void, PortRefused, Scope.Scope>
}>() {
  /** Fixed listeners, as the options name them (`HostRefused`). */
  static readonly layer = (options: Options): Layer.Layer<Network, HostRefused> =>
    Layer.effect(
      this,
      Effect.gen(function*() {
        const addresses = yield* Binding.resolveAll(options.hosts)
        const advertised = yield* Effect.forEach(options.advertiseHosts, Binding.advertised)
        const bound = yield* Ref.make(Option.none<number>())
        return Network.of({
          endpoints: Effect.flatMap(
            Ref.get(bound),
            Option.match({
              onNone: () => Effect.succeed([]),
              onSome: (port) => Endpoint.ofBound(addresses, port, advertised)
            })
          ),
          names: HostRule.namesOf([...advertised, ...options.hosts.map((host) => host.trim())]),
          serve: (served) =>
            Effect.flatMap(bind(served, addresses, options.port), (port) => Ref.set(bound, Option.some(port)))
        })
      })
    )
}
