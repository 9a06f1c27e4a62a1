/** What a user waits for and pays before anything is asked: help, the first answer, and the memory then. */
import { spawnSync } from "node:child_process"
import { atMost, pairs } from "../figure.mjs"
import { t3, withBoth } from "../servers.mjs"

/** @param {Array<string>} args */
const timeNode = (...args) => {
  const started = performance.now()
  spawnSync(process.execPath, args, { stdio: "ignore" })
  return performance.now() - started
}

/** @type {import("../figure.mjs").Figure} */
export const start = {
  name: "start",
  run: async (rounds) => {
    const help = pairs("t3 --help, against node -e 0", "ms", atMost(3))
    const readyNode = pairs("t3 serve to first answer, against node -e 0", "ms")
    const ready = pairs("t3 serve to first answer", "ms", atMost(3))
    const memory = pairs("memory after start", "KiB", atMost(1.8))
    for (let round = 0; round < rounds; round += 1) {
      const node = timeNode("-e", "0")
      help.add(timeNode(t3, "--help"), node)
      await withBoth(async (bare, ours) => {
        readyNode.add(ours.ready, node)
        ready.add(ours.ready, bare.ready)
        memory.add(ours.memory(), bare.memory())
      })
    }
    return [help, readyNode, ready, memory].map((it) => it.row())
  }
}
