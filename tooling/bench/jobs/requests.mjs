/** Load that is requests: as many as are answered, or one now and then. */
import { setTimeout as sleep } from "node:timers/promises"
import { dialects } from "../peer.mjs"
import { HttpWire, together, turn } from "../wire.mjs"

/**
 * Sends the requests of each connection one after the other, as fast as they are answered.
 *
 * @param {{ port: number, lanes: ReadonlyArray<ReadonlyArray<string>>, ms: number, status: ReadonlyArray<number> }} job
 */
export const requests = async ({ lanes, ms, port, status }) => {
  const started = performance.now()
  const until = started + ms
  let count = 0
  await together(lanes.length, (lane) =>
    new Promise((resolve, reject) => {
      const texts = lanes[lane] ?? []
      const wire = new HttpWire(port)
      let index = 0
      const next = () => wire.send(turn(texts, index++), answered, reject)
      const answered = (/** @type {import("../wire.mjs").Answer} */ answer) => {
        if (!status.includes(answer.status)) {
          return reject(new Error(`${answer.status} ${answer.body}`))
        }
        count += 1
        if (performance.now() < until) {
          return next()
        }
        wire.close()
        resolve(undefined)
      }
      next()
    }))
  return { count, ms: performance.now() - started }
}

/** One request after the other with a pause between: how long each took. @param {{ port: number, text: string, ms: number, pause: number }} job */
export const probe = async ({ ms, pause, port, text }) => {
  const wire = new HttpWire(port)
  const until = performance.now() + ms
  const times = []
  while (performance.now() < until) {
    const started = performance.now()
    const { body, status } = await wire.ask(text)
    if (status !== 200) {
      throw new Error(`An honest request was answered with ${status} ${body}`)
    }
    times.push(performance.now() - started)
    await sleep(pause)
  }
  wire.close()
  return times
}

/** Wrong tokens from so many connections. @param {{ kind: "bare" | "t3", port: number, connections: number, ms: number }} job */
export const guesses = ({ connections, kind, ms, port }) => {
  const lanes = Array.from({ length: connections }, () => Array.from({ length: 200 }, dialects[kind].guess))
  return requests({ lanes, ms, port, status: [400, 429] })
}
