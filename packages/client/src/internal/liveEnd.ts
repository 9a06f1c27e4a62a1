/**
 * What the end of a live connection means to whoever used it. A server's words are matched, never repeated.
 *
 * @since 0.1.0
 */
import * as Errors from "@t3/protocol/Errors"
import { closeCode } from "@t3/protocol/LiveConnection"

const retrySoon = "Connect again; it will be there in a moment."

/** The reason of a close is the tag of the refusal. */
const signedOut = (reason: string): Errors.SessionRefusal => {
  switch (reason) {
    case "SessionExpired":
      return new Errors.SessionExpired()
    case "SessionRevoked":
      return new Errors.SessionRevoked()
    default:
      return new Errors.Unauthenticated({ message: "The session has ended." })
  }
}

/** No words came along, as when a network went away. */
export const brokenOff = (address: string): Errors.Unreachable =>
  new Errors.Unreachable({ message: `The connection to ${address} broke off.` })

/** The peer is still there, as far as the network can tell, but says nothing. */
export const silent = (address: string): Errors.Unreachable =>
  new Errors.Unreachable({ message: `${address} no longer answers.` })

/** This side wanted it so. */
export const closedHere = (address: string): Errors.Unreachable =>
  new Errors.Unreachable({ hint: "Connect again.", message: `The connection to ${address} was closed by this device.` })

/** A ticket was given, but no connection came about with it. */
export const notOpened = (address: string): Errors.Unreachable =>
  new Errors.Unreachable({
    hint: "A proxy on the way has to let WebSockets through.",
    message: `${address} answers, but lets no live connection be opened.`
  })

/** The server, or something on the way, closed an open connection. */
export const fromClose = (address: string, code: number, reason: string): Errors.Refusal => {
  switch (code) {
    case closeCode.signedOut:
      return signedOut(reason)
    case closeCode.scopeRequired:
      return new Errors.ScopeRequired({ required: "" })
    case closeCode.version:
      return new Errors.VersionMismatch()
    case closeCode.restarting:
      return new Errors.Unavailable({ hint: retrySoon, message: `${address} is restarting.` })
    case closeCode.overloaded:
      return new Errors.Unavailable({
        hint: "Connect again later, and ask for less at once.",
        message: `${address} closed the connection: too much was asked of it, or what it sent was not read.`
      })
    case 1006:
      return brokenOff(address)
    default:
      return new Errors.Unreachable({ message: `The connection to ${address} was closed (${code}).` })
  }
}
