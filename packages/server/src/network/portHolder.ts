/** Who has a port that is taken: on Linux the process is told, as far as this account may know it. */
import * as Effect from "effect/Effect"
import * as fs from "node:fs"

/** The inodes of sockets that listen on `port`: https://www.kernel.org/doc/Documentation/networking/proc_net_tcp.txt */
const listening = (port: number): ReadonlySet<string> => {
  const wanted = port.toString(16).toUpperCase().padStart(4, "0")
  const lines = ["/proc/net/tcp", "/proc/net/tcp6"].flatMap((file) =>
    fs.existsSync(file) ? fs.readFileSync(file, "utf8").split("\n").slice(1) : []
  )
  return new Set(
    lines.map((line) => line.trim().split(/\s+/)).flatMap(([, local, , state, , , , , , inode]) =>
      local?.endsWith(`:${wanted}`) === true && state === "0A" && inode !== undefined ? [`socket:[${inode}]`] : []
    )
  )
}

const holds = (pid: string, sockets: ReadonlySet<string>): boolean => {
  try {
    return fs.readdirSync(`/proc/${pid}/fd`).some((fd) => {
      try {
        return sockets.has(fs.readlinkSync(`/proc/${pid}/fd/${fd}`))
      } catch {
        // It was closed in between.
        return false
      }
    })
  } catch {
    // Another account's process, or one that has ended.
    return false
  }
}

const nameOf = (pid: string): string => {
  try {
    return fs.readFileSync(`/proc/${pid}/comm`, "utf8").trim()
  } catch {
    // It has ended in between.
    return "a program"
  }
}

/** `node (pid 4711)`, or `another program` where that cannot be known. */
export const describePortHolder = (port: number): Effect.Effect<string> =>
  Effect.sync(() => {
    if (!fs.existsSync("/proc/net/tcp")) return "another program"
    const sockets = listening(port)
    const pid = fs.readdirSync("/proc").find((name) => /^\d+$/.test(name) && holds(name, sockets))
    return pid === undefined ? "another program" : `${nameOf(pid)} (pid ${pid})`
  })
