/**
 * HTTP/1.1 and WebSocket as bytes on a connection: as little work as a client can do, so that the generator of a load is
 * lighter than what it measures.
 */
import { connect } from "node:net"

const host = "127.0.0.1"

/** @typedef {{ status: number, body: string }} Answer */

/** One after the other, and from the beginning again. @param {ReadonlyArray<string>} of @param {number} index */
export const turn = (of, index) => of[index % of.length] ?? ""

/** Runs `worker` so many times at once. @param {number} count @param {(index: number) => Promise<unknown>} worker */
export const together = (count, worker) => Promise.all(Array.from({ length: count }, (_, index) => worker(index)))

/** A request as it goes over the wire. @param {string} method @param {string} path @param {string} token @param {string} [body] @param {string} [type] */
export const request = (method, path, token, body = "", type = "application/json") =>
  `${method} ${path} HTTP/1.1\r\nhost: ${host}\r\n` +
  (token === "" ? "" : `authorization: Bearer ${token}\r\n`) +
  (body === "" ? "" : `content-type: ${type}\r\ncontent-length: ${Buffer.byteLength(body)}\r\n`) +
  `\r\n${body}`

/** One connection that stays, with one request at a time. */
export class HttpWire {
  #socket
  #text = ""
  /** @type {((answer: Answer) => void) | undefined} */
  #then
  /** @type {((error: Error) => void) | undefined} */
  #fail

  /** @param {number} port */
  constructor(port) {
    // One buffer for all that comes in: nothing is allocated, and no stream stands between.
    const onread = {
      buffer: Buffer.alloc(64 * 1024),
      callback: (/** @type {number} */ length, /** @type {Uint8Array} */ bytes) => this.#read(length, bytes)
    }
    this.#socket = connect({ host, noDelay: true, onread, port })
    this.#socket.on("error", (error) => this.#fail?.(error))
    this.#socket.on("close", () => this.#fail?.(new Error("The server closed the connection.")))
  }

  /** @param {number} length @param {Uint8Array} bytes */
  #read(length, bytes) {
    this.#text += Buffer.from(bytes.buffer, bytes.byteOffset, length).toString("latin1")
    const end = this.#text.indexOf("\r\n\r\n")
    if (end < 0 || this.#text.length < end + 4 + Number(/\r\ncontent-length: (\d+)/i.exec(this.#text)?.[1] ?? 0)) {
      return true
    }
    const answer = { body: this.#text.slice(end + 4), status: Number(this.#text.slice(9, 12)) }
    this.#text = ""
    this.#then?.(answer)
    return true
  }

  /** @param {string} request @param {(answer: Answer) => void} then @param {(error: Error) => void} fail */
  send(request, then, fail) {
    this.#then = then
    this.#fail = fail
    this.#socket.write(request, "latin1")
  }

  /** @param {string} request @returns {Promise<Answer>} */
  ask(request) {
    return new Promise((resolve, reject) => this.send(request, resolve, reject))
  }

  close() {
    this.#fail = undefined
    this.#socket.resetAndDestroy()
  }
}

const empty = Buffer.alloc(0)

/** A frame of a client. Its masking key is zero, which leaves the payload as it is. @param {number} opcode @param {Buffer} payload */
const frame = (opcode, payload) => {
  if (payload.length > 125) {
    return Buffer.concat([
      Buffer.of(0x80 | opcode, 0xfe, payload.length >> 8, payload.length & 255, 0, 0, 0, 0),
      payload
    ])
  }
  return Buffer.concat([Buffer.of(0x80 | opcode, 0x80 | payload.length, 0, 0, 0, 0), payload])
}

/** A message as it goes over the wire. @param {string} text */
export const textFrame = (text) => frame(1, Buffer.from(text))

/** A WebSocket that answers what the protocol asks to be answered. */
export class SocketWire {
  #socket
  #isOpen = false
  /** @type {Buffer} */
  #bytes = empty
  #opened
  /** What comes of the server's messages. @type {(text: Buffer) => void} */
  onText = () => undefined
  /** When the connection is gone. @type {() => void} */
  onClose = () => undefined
  /** The code that the server closed with, or 0. */
  code = 0
  closed = false

  /** @param {number} port @param {string} protocols @param {(error?: Error) => void} opened */
  constructor(port, protocols, opened) {
    this.#opened = opened
    this.#socket = connect({ host, noDelay: true, port })
    this.#socket.on("data", (bytes) => this.#read(bytes))
    this.#socket.on("error", (error) => this.#opened(error))
    this.#socket.on("close", () => {
      this.closed = true
      this.#opened(new Error("The server closed the connection."))
      this.onClose()
    })
    this.#socket.write(
      `GET /ws HTTP/1.1\r\nhost: ${host}\r\nconnection: Upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\n` +
        `sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\nsec-websocket-protocol: ${protocols}\r\n\r\n`,
      "latin1"
    )
  }

  /** @param {number} port @param {string} protocols @returns {Promise<SocketWire>} */
  static open(port, protocols) {
    return new Promise((resolve, reject) => {
      const wire = new SocketWire(port, protocols, (error) => error === undefined ? resolve(wire) : reject(error))
    })
  }

  /** @param {Buffer} bytes */
  #read(bytes) {
    this.#bytes = this.#bytes.length === 0 ? bytes : Buffer.concat([this.#bytes, bytes])
    if (!this.#isOpen) {
      const end = this.#bytes.indexOf("\r\n\r\n")
      if (end < 0) {
        return
      }
      const status = this.#bytes.toString("latin1", 9, 12)
      if (status !== "101") {
        return this.#opened(new Error(`The server refused the upgrade: ${this.#bytes.toString("latin1")}`))
      }
      this.#isOpen = true
      this.#bytes = this.#bytes.subarray(end + 4)
      this.#opened()
    }
    while (this.#next()) {
      // One frame after the other.
    }
  }

  /** Reads one frame, if it is whole. Servers do not mask. */
  #next() {
    const bytes = this.#bytes
    if (bytes.length < 2) {
      return false
    }
    const short = bytes.readUInt8(1)
    const from = short === 126 ? 4 : short === 127 ? 10 : 2
    if (bytes.length < from) {
      return false
    }
    const length = short === 126 ? bytes.readUInt16BE(2) : short === 127 ? Number(bytes.readBigUInt64BE(2)) : short
    if (bytes.length < from + length) {
      return false
    }
    const payload = bytes.subarray(from, from + length)
    this.#bytes = bytes.length === from + length ? empty : bytes.subarray(from + length)
    this.#take(bytes.readUInt8(0) & 15, payload)
    return true
  }

  /** @param {number} opcode @param {Buffer} payload */
  #take(opcode, payload) {
    if (opcode === 1) {
      this.onText(payload)
    } else if (opcode === 8) {
      this.code = payload.length >= 2 ? payload.readUInt16BE(0) : 1005
      this.#socket.write(frame(8, payload.subarray(0, 2)))
    } else if (opcode === 9) {
      this.#socket.write(frame(10, payload))
    }
  }

  /** @param {Buffer} frame */
  send(frame) {
    this.#socket.write(frame)
  }

  /** Leaves without a word, and without a port that has to wait. */
  drop() {
    this.#socket.resetAndDestroy()
  }
}
