/**
 * WebSockets for Node, which has none of its own before 22.
 *
 * @since 0.1.0
 */
import * as Socket from "@effect/platform/Socket"
import * as Layer from "effect/Layer"
import { WebSocket } from "ws"

const options = {
  // A peer that is gone answers no close, and would keep the process alive for as long.
  closeTimeout: 1_000,
  maxPayload: 16 * 1024 * 1024,
  perMessageDeflate: false
}

/** The constructor that `Live.connect` needs. */
export const layer: Layer.Layer<Socket.WebSocketConstructor> = Layer.succeed(
  Socket.WebSocketConstructor,
  (url, protocols) => new WebSocket(url, protocols, options) as WebSocket & globalThis.WebSocket
)
