/** Opens ports: one listener for each address, all serving the same, on one port. */
import * as Effect from "effect/Effect"
import * as ExecutionStrategy from "effect/ExecutionStrategy"
import * as Exit from "effect/Exit"
import * as Scope from "effect/Scope"
import type { AddressInfo } from "node:net"
import { PortRefused } from "../StartError.ts"
import * as Address from "./Address.ts"
import { type Handler, listen, type UpgradeHandler } from "./listen.ts"
import { describePortHolder } from "./portHolder.ts"

/** What is served on every address. */
export interface Served {
  readonly request: Handler
  readonly upgrade?: UpgradeHandler
}

/** How often a free port is picked anew, where one of the addresses turns out to have it taken. */
const picks = 5

const refused =
  (address: Address.Address, port: number) => (error: NodeJS.ErrnoException): Effect.Effect<never, PortRefused> => {
    const where = `${Address.inUrl(address)}:${port}`
    if (error.code === "EADDRINUSE") {
      return Effect.flatMap(describePortHolder(port), (holder) =>
        new PortRefused({
          hint: "Stop it, or choose another port with --port (0 picks a free one).",
          message: `Port ${port} is taken: ${holder} listens on it (wanted: ${where}).`,
          reason: "taken"
        }))
    }
    return error.code === "EACCES"
      ? new PortRefused({
        hint: "Ports below 1024 may need rights; choose a higher one with --port.",
        message: `This account may not listen on ${where}.`,
        reason: "forbidden"
      })
      : new PortRefused({
        hint: "Choose another --host or --port.",
        message: `Cannot listen on ${where} (${error.code ?? error.message}).`,
        reason: "forbidden"
      })
  }

/** Binds every address to one port; the first decides which, where any will do. */
const bindAll = (served: Served, addresses: ReadonlyArray<Address.Address>, wanted: number) =>
  Effect.reduce(
    addresses,
    wanted,
    (port, address) =>
      listen(served.request, { host: address.text, port }, served.upgrade).pipe(
        Effect.map((server) => (server.address() as AddressInfo).port),
        Effect.catchAll(refused(address, port))
      )
  )

/** All or none: what was bound is let go before the error is told. */
const bindOrClose = (served: Served, addresses: ReadonlyArray<Address.Address>, wanted: number) =>
  Effect.uninterruptible(Effect.gen(function*() {
    const outer = yield* Effect.scope
    const inner = yield* Scope.fork(outer, ExecutionStrategy.parallel)
    return yield* Scope.extend(bindAll(served, addresses, wanted), inner).pipe(
      Effect.onError((cause) => Scope.close(inner, Exit.failCause(cause)))
    )
  }))

/** Binds every address to `wanted`, or to one free port where that is 0, until the scope closes (`PortRefused`). */
export const bind = (
  served: Served,
  addresses: ReadonlyArray<Address.Address>,
  wanted: number
): Effect.Effect<number, PortRefused, Scope.Scope> =>
  Effect.retry(bindOrClose(served, addresses, wanted), { times: wanted === 0 ? picks : 0 })
