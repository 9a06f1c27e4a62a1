/** Two machines in one: network namespaces joined by a cable, each with an address of its own. */
import { execFileSync } from "node:child_process"

/** One of the two machines. */
export interface Machine {
  readonly address: string
  /** Runs a program there. */
  readonly wrapper: ReadonlyArray<string>
}

const ip = (...args: ReadonlyArray<string>): void => {
  execFileSync("ip", args, { stdio: ["ignore", "ignore", "pipe"] })
}

/** Makes them; `remove` takes them away with all that is in them. */
export const make = (): { readonly a: Machine; readonly b: Machine; readonly remove: () => void } => {
  const name = (suffix: string) => `t3e2e-${process.pid}-${suffix}`
  const machine = (suffix: string, host: number): Machine => {
    ip("netns", "add", name(suffix))
    ip("-n", name(suffix), "link", "set", "lo", "up")
    return { address: `10.77.0.${host}`, wrapper: ["ip", "netns", "exec", name(suffix)] }
  }
  const a = machine("a", 1)
  const b = machine("b", 2)
  ip("-n", name("a"), "link", "add", "eth0", "type", "veth", "peer", "name", "eth0", "netns", name("b"))
  for (const [suffix, { address }] of [["a", a], ["b", b]] as const) {
    ip("-n", name(suffix), "address", "add", `${address}/24`, "dev", "eth0")
    ip("-n", name(suffix), "link", "set", "eth0", "up")
  }
  return {
    a,
    b,
    remove: () => {
      ip("netns", "delete", name("a"))
      ip("netns", "delete", name("b"))
    }
  }
}
