/** Load that is WebSockets which stay: idle, or with the stream; and how they end. */
import { spawn } from "node:child_process"
import { once } from "node:events"
import { setTimeout as sleep } from "node:timers/promises"
import { dialects } from "../peer.mjs"
import { HttpWire, request, turn } from "../wire.mjs"
import { firstAnswer, open } from "./connects.mjs"

/** @typedef {import("../peer.mjs").Peer} Peer */
/** @typedef {import("../wire.mjs").SocketWire} SocketWire */

/**
 * Asks for the stream on each, waits for its beginning, and confirms what comes as long as it comes.
 *
 * @param {ReadonlyArray<SocketWire>} wires
 * @param {"bare" | "t3"} kind
 * @param {() => void} came
 */
const follow = async (wires, kind, came) => {
  const { ack, follow, isAnswer } = dialects[kind]
  for (let from = 0; from < wires.length; from += 64) {
    await Promise.all(
      wires.slice(from, from + 64).map(async (wire) => {
        const confirm = ack === undefined ? () => undefined : () => wire.send(ack)
        await firstAnswer(wire, follow, kind)
        confirm()
        wire.onText = (text) => {
          came()
          if (isAnswer(text)) {
            confirm()
          }
        }
      })
    )
  }
}

/** What is held until the process ends. @type {Array<SocketWire>} */
const held = []

/** Opens so many more and keeps them, with the stream if they are to have it. @param {{ peer: Peer, count: number, follows: boolean }} job */
export const hold = async ({ count, follows, peer }) => {
  const opened = await open({ count, peer })
  held.push(...opened)
  if (follows) {
    await follow(opened, peer.kind, () => undefined)
  }
}

/** How many of those are closed. */
export const closed = async () => held.filter((wire) => wire.closed).length

/** Waits until the server has closed each, for at most ten seconds: when the last was. @param {ReadonlyArray<SocketWire>} wires @returns {Promise<number>} */
const lastClose = (wires) =>
  new Promise((resolve, reject) => {
    let left = wires.length
    const late = setTimeout(() => reject(new Error(`${left} of ${wires.length} sockets are still open.`)), 10_000)
    for (const wire of wires) {
      wire.onClose = () => {
        left -= 1
        if (left === 0) {
          clearTimeout(late)
          resolve(performance.now())
        }
      }
    }
  })

/** Sends one of these requests every 50 ms until it is told to stop. @param {number} port @param {ReadonlyArray<string>} texts */
const tell = (port, texts) => {
  const end = new AbortController()
  const wire = new HttpWire(port)
  const told = (async () => {
    for (let index = 0; texts.length > 0 && !end.signal.aborted; index += 1) {
      await wire.ask(turn(texts, index))
      await sleep(50)
    }
    wire.close()
  })()
  return () => {
    end.abort()
    return told
  }
}

/** Revokes by a request or a command, and waits for its answer. @param {{ text: string } | { command: ReadonlyArray<string> }} how @param {HttpWire} wire */
const revoke = async (how, wire) => {
  if ("text" in how) {
    const { body, status } = await wire.ask(how.text)
    if (status !== 200) {
      throw new Error(`Not revoked: ${status} ${body}`)
    }
    return
  }
  const [program = "", ...args] = how.command
  const [code] = await once(spawn(program, args, { stdio: ["ignore", "ignore", "inherit"] }), "exit")
  if (code !== 0) {
    throw new Error(`The command ended with ${code}.`)
  }
}

/**
 * One round of a revocation: so many sockets of one session, each receiving the stream, which `news` (requests that make an
 * event each) keep going; then `how`, from whose start the times are taken: to its answer, and to the last close.
 *
 * @param {{ peer: Peer, sockets: number, news: ReadonlyArray<string>, how: { text: string } | { command: ReadonlyArray<string> } }} job
 */
export const revocation = async ({ how, news, peer, sockets }) => {
  const wires = await open({ count: sockets, peer })
  let streamed = 0
  await follow(wires, peer.kind, () => streamed += 1)
  const quiet = tell(peer.port, news)
  const wire = new HttpWire(peer.port)
  // A connection that is open already: what it takes to open one is no part of a revocation.
  await wire.ask(request("GET", "/health", ""))
  // Each receives, and then goes on receiving.
  const goesOn = () => streamed >= 2 * sockets
  for (let waited = 0; waited < 200 && !goesOn(); waited += 1) {
    await sleep(50)
  }
  const closing = lastClose(wires)
  const before = streamed
  const started = performance.now()
  await revoke(how, wire)
  const answered = performance.now() - started
  const last = (await closing) - started
  await quiet()
  wire.close()
  return { answered, codes: [...new Set(wires.map(({ code }) => code))], last, streamed: before }
}
