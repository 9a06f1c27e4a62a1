/** One live connection: a WebSocket, the session that it belongs to, and what is being called over it. */
import type { Connection, Ending } from "@t3/auth-core/Connections"
import type { Address } from "@t3/auth-core/Source"
import type { SessionId } from "@t3/protocol/Ids"
import { closeCode } from "@t3/protocol/LiveConnection"
import * as Effect from "effect/Effect"
import type { Socket } from "node:net"
import type { WebSocket } from "ws"
import { closed, orReset } from "./orReset.ts"

/** An upgraded connection whose session was just looked at. */
export interface Upgraded {
  readonly ws: WebSocket
  readonly tcp: Socket
  readonly sessionId: SessionId
  readonly source: Address | undefined
}

/** Bytes that may wait for a peer that reads slowly. */
const maxBuffered = 1024 * 1024

/** Beats in a row on which nothing was heard, after which a peer counts as dead. */
const maxMissed = 2

const codeOf = (reason: Ending): number => reason._tag === "Unavailable" ? closeCode.restarting : closeCode.signedOut

interface Message {
  readonly _tag: string
  readonly requestId?: string
}

export class LiveSocket implements Connection {
  readonly lasting = true
  /** Ids of calls that have no answer yet. */
  readonly calls = new Set<string>()
  readonly id: number
  readonly sessionId: SessionId
  readonly source: Address | undefined
  readonly #ws: WebSocket
  readonly #tcp: Socket
  readonly #onGone: () => void
  #open = true
  /** The call whose answer is the last thing that goes out. */
  #last: { readonly call: string; readonly reason: Ending } | undefined
  #missed = 0

  /** `onGone` is called once, when nothing more goes in or out. */
  constructor({ sessionId, source, tcp, ws }: Upgraded, id: number, onGone: () => void) {
    this.id = id
    this.sessionId = sessionId
    this.source = source
    this.#ws = ws
    this.#tcp = tcp
    this.#onGone = onGone
  }

  /** Whether messages of the peer still count. */
  get isOpen(): boolean {
    return this.#open && this.#last === undefined
  }

  heard(): void {
    this.#missed = 0
  }

  /** Asks the peer for a sign of life: whether one came since the last time, and whether it is to be waited for. */
  beat(): "heard" | "quiet" | "dead" {
    const missed = this.#missed++
    if (missed >= maxMissed) return "dead"
    this.#ws.ping()
    return missed === 0 ? "heard" : "quiet"
  }

  /** Sends an answer, unless nothing more may be sent; closes after the last one. */
  send(message: Message): void {
    const isLast = this.#last !== undefined && message._tag === "Exit" && message.requestId === this.#last.call
    if (!this.#open || (this.#last !== undefined && !isLast)) return
    if (message._tag === "Exit" && message.requestId !== undefined) this.calls.delete(message.requestId)
    this.#ws.send(JSON.stringify(message))
    if (this.#last !== undefined) this.close(codeOf(this.#last.reason), this.#last.reason._tag)
    else if (this.#ws.bufferedAmount > maxBuffered) this.close(closeCode.overloaded, "TooSlow")
  }

  /** From now on only the answer to `call` goes out, and the connection closes behind it. */
  finish(call: string, reason: Ending): void {
    this.#last = { call, reason }
  }

  end(reason: Ending): Effect.Effect<void> {
    return Effect.suspend(() => {
      this.#leave(() => this.#ws.close(codeOf(reason), reason._tag))
      return orReset(this.#tcp, closed(this.#tcp))
    })
  }

  /** Closes in the background. */
  close(code: number, reason: string): void {
    this.#leave(() => {
      this.#ws.close(code, reason)
      Effect.runFork(orReset(this.#tcp, closed(this.#tcp)))
    })
  }

  /** The peer has closed, or is taken for dead. */
  gone(): void {
    this.#leave(() => this.#ws.terminate())
  }

  #leave(how: () => void): void {
    if (!this.#open) return
    this.#open = false
    this.#onGone()
    how()
  }
}
