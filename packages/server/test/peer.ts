/** The other end of a live connection, of which only the signs of life matter. */
import { SessionId } from "@t3/protocol/Ids"
import { EventEmitter } from "node:events"
import type { Upgraded } from "../src/live/LiveSocket.ts"

export const makePeer = () => {
  const calls = { pings: 0, terminated: 0 }
  const ws = Object.assign(new EventEmitter(), {
    ping: () => void calls.pings++,
    terminate: () => void calls.terminated++
  })
  const upgraded = { sessionId: SessionId.make("000000000001"), source: undefined, tcp: new EventEmitter(), ws }
  return { calls, upgraded: upgraded as unknown as Upgraded, ws }
}
