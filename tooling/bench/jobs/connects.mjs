/** Load that is WebSockets which come and go; and how one is opened. */
import { dialects } from "../peer.mjs"
import { HttpWire, SocketWire, together, turn } from "../wire.mjs"

/** @typedef {import("../peer.mjs").Peer} Peer */

/** The subprotocols that open a WebSocket, for which T3 wants a ticket first. @param {Peer} peer @param {HttpWire} wire @param {string} token */
const protocolsOf = async ({ kind }, wire, token) => {
  if (kind === "bare") {
    return dialects.bare.protocols(token)
  }
  const { body, status } = await wire.ask(dialects.t3.ticket(token))
  if (status !== 200) {
    throw new Error(`No ticket: ${status} ${body}`)
  }
  return dialects.t3.protocols(JSON.parse(body).ticket)
}

/** Sends a message and waits for the first answer. @param {SocketWire} wire @param {Buffer} message @param {"bare" | "t3"} kind @returns {Promise<void>} */
export const firstAnswer = (wire, message, kind) =>
  new Promise((resolve, reject) => {
    wire.onClose = () => reject(new Error(`Closed with ${wire.code} before an answer.`))
    wire.onText = (text) => {
      wire.onClose = () => undefined
      wire.onText = () => undefined
      if (dialects[kind].isAnswer(text)) {
        resolve()
      } else {
        reject(new Error(text.toString()))
      }
    }
    wire.send(message)
  })

/**
 * Opens WebSockets, one after the other in each of so many lanes, and leaves them at once. `ahead`: so many are opened with
 * what was fetched before the clock started; 0: fetching it is part of each. `ask`: each has one answer before it counts.
 *
 * @param {{ peer: Peer, lanes: number, ms: number, ahead: number, ask: boolean }} job
 */
export const connects = async ({ ahead, ask, lanes, ms, peer }) => {
  const { kind, port, tokens } = peer
  const wires = Array.from({ length: lanes }, () => new HttpWire(port))
  /** @type {Array<string>} */
  const ready = []
  await Promise.all(wires.map(async (wire, lane) => {
    for (let index = lane; index < ahead; index += lanes) {
      ready.push(await protocolsOf(peer, wire, turn(tokens, index)))
    }
  }))
  let count = 0
  const started = performance.now()
  const until = started + ms
  await Promise.all(wires.map(async (wire, lane) => {
    while (performance.now() < until) {
      const protocols = ahead === 0 ? await protocolsOf(peer, wire, turn(tokens, lane)) : ready.pop()
      if (protocols === undefined) {
        return
      }
      const socket = await SocketWire.open(port, protocols)
      if (ask) {
        await firstAnswer(socket, dialects[kind].ask, kind)
      }
      count += 1
      socket.drop()
    }
  }))
  const took = performance.now() - started
  wires.forEach((wire) => wire.close())
  return { count, ms: took }
}

/** Opens so many, and keeps them. @param {{ peer: Peer, count: number }} job */
export const open = async ({ count, peer }) => {
  /** @type {Array<SocketWire>} */
  const opened = []
  const lanes = Math.min(count, 32)
  await together(lanes, async (lane) => {
    const wire = new HttpWire(peer.port)
    for (let index = lane; index < count; index += lanes) {
      opened.push(await SocketWire.open(peer.port, await protocolsOf(peer, wire, turn(peer.tokens, index))))
    }
    wire.close()
  })
  return opened
}
