/**
 * How the live connection is opened and what its end means.
 *
 * @see https://www.rfc-editor.org/rfc/rfc6455 (1.9 subprotocols, 7.4 close codes)
 * @since 0.1.0
 */

/** Where it is opened. */
export const path = "/ws"

/** The subprotocol that is spoken; offered first, and the only one that the server answers with. */
export const subprotocol = "t3.rpc.v1"

/** What stands before the ticket, which is offered second: browsers can send no header with an upgrade. */
export const ticketPrefix = "t3.ticket."

/** Calls of one connection that may be under way at once; it is closed (1013) for one more. */
export const maxCalls = 100

/** Bytes of one message to the server; it is closed (1009) for more. */
export const maxMessageBytes = 64 * 1024

/** Why the server closed a connection; a refusal before the upgrade is told by `POST /api/ws-ticket` instead. */
export const closeCode = {
  /** Signed out, revoked or expired: pair again, retrying is of no use. */
  signedOut: 4401,
  /** The session lacks a scope that the connection needs. */
  scopeRequired: 4403,
  /** Another version of the protocol: update the older side, retrying is of no use. */
  version: 4409,
  /** The server restarts: connect again at once. */
  restarting: 1012,
  /** Too much at once, or too slow a reader: connect again later. */
  overloaded: 1013
} as const
