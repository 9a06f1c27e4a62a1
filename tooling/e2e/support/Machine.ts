/** Machines on a cable: network namespaces, which the kernel takes away when the last process in them has ended. */
import { type ChildProcess, execFile, spawn } from "node:child_process"
import { once } from "node:events"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"

const execute = promisify(execFile)

/** A machine; nothing runs on it until something is started there. */
export interface Machine {
  /** A command that runs another one there. What it starts is killed with this process. */
  readonly wrapper: readonly [string, ...Array<string>]
  /** Best first. */
  readonly addresses: readonly [string, string]
  /** One request from there, with exactly these headers and no redirect followed. */
  readonly ask: (request: Request) => Promise<Answer>
  /** The addresses and ports that somebody listens on there. */
  readonly listening: () => Promise<ReadonlyArray<string>>
}

/** What to ask for. */
export interface Request {
  readonly url: string
  readonly method?: string
  readonly headers?: Readonly<Record<string, string>>
}

/** What came back; `code` is why there was no answer. */
export interface Answer {
  readonly status?: number
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
  readonly code?: string
}

/** Two of them, which reach each other and nobody else. */
export interface Cable {
  readonly server: Machine
  readonly device: Machine
  readonly remove: () => Promise<void>
}

/** Holds a namespace open for as long as its stdin is. */
const hold = async (): Promise<ChildProcess & { readonly pid: number }> => {
  const child = spawn("unshare", ["--net", "cat"], { stdio: ["pipe", "pipe", "pipe"] })
  let reason = ""
  child.stderr.setEncoding("utf8").on("data", (text: string) => reason += text)
  child.stdin.on("error", () => undefined).write("ready")
  await Promise.race([
    once(child.stdout, "data"),
    once(child, "close").then(() => Promise.reject(new Error(`no network namespace, which needs root: ${reason}`)))
  ])
  return Object.assign(child, { pid: child.pid ?? 0 })
}

const asker = fileURLToPath(new URL("ask.mjs", import.meta.url))

const machine = (pid: number, addresses: Machine["addresses"]): Machine => {
  const wrapper: Machine["wrapper"] = ["nsenter", `--net=/proc/${pid}/ns/net`, "setpriv", "--pdeathsig", "KILL"]
  const run = async (...command: ReadonlyArray<string>): Promise<string> =>
    (await execute(wrapper[0], [...wrapper.slice(1), ...command])).stdout
  return {
    addresses,
    ask: async (request) => JSON.parse(await run(process.execPath, asker, JSON.stringify(request))),
    listening: async () =>
      (await run("ss", "--no-header", "--listening", "--tcp", "--numeric")).split("\n")
        .filter((line) => line !== "").map((line) => line.split(/\s+/)[3] ?? ""),
    wrapper
  }
}

const configure = async ({ wrapper }: Machine, commands: ReadonlyArray<string>): Promise<void> => {
  for (const command of ["link set lo up", ...commands]) {
    await execute(wrapper[0], [...wrapper.slice(1), "ip", ...command.split(" ")])
  }
}

/** The server's first network is not that of its default route, as on a machine with containers. */
const networks = { lan0: ["10.77.4.1", "10.77.4.2"], lan1: ["10.77.3.1", "10.77.3.2"] } as const

/** Connects two new machines by two networks. */
export const connect = async (): Promise<Cable> => {
  const [left, right] = await Promise.all([hold(), hold()])
  const server = machine(left.pid, [networks.lan1[0], networks.lan0[0]])
  const device = machine(right.pid, [networks.lan1[1], networks.lan0[1]])
  for (const name of Object.keys(networks)) {
    const ends = `${name} netns ${left.pid} type veth peer name ${name} netns ${right.pid}`
    await execute("ip", ["link", "add", ...ends.split(" ")])
  }
  for (const [index, end] of [server, device].entries()) {
    const commands = Object.entries(networks).flatMap(([name, addresses]) => [
      `address add ${addresses[index]}/30 dev ${name}`,
      `link set ${name} up`
    ])
    await configure(end, commands)
  }
  await configure(server, [`route add default via ${networks.lan1[1]}`])
  return {
    device,
    remove: async () => {
      await Promise.all([left, right].map(async (holder) => {
        holder.stdin?.end()
        if (holder.exitCode === null) await once(holder, "close")
      }))
    },
    server
  }
}
