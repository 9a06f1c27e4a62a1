/** The two servers as a generator sees them: what it sends to either, and what the answers mean. */
import { request, textFrame } from "./wire.mjs"

/** Which server, where, and as whom. @typedef {{ kind: "bare" | "t3", port: number, tokens: ReadonlyArray<string> }} Peer */

const call = (/** @type {string} */ tag, /** @type {object} */ more) =>
  textFrame(JSON.stringify({ _tag: "Request", headers: [], id: "1", tag, ...more }))

const form = "application/x-www-form-urlencoded"

/** The body of an exchange. @param {string} token */
export const exchangeForm = (token) =>
  new URLSearchParams({
    grant_type: "urn:ietf:params:oauth:grant-type:token-exchange",
    subject_token: token,
    subject_token_type: "urn:t3:params:oauth:token-type:pairing-token"
  }).toString()

const crockford = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

/** A well-formed pairing token that nobody issued. */
const guess = () => Array.from({ length: 12 }, () => crockford[Math.floor(Math.random() * 32)]).join("")

export const dialects = {
  bare: {
    ack: undefined,
    /** A message that is answered once. */
    ask: textFrame("hello"),
    /** A message that is answered at once, and then again and again. */
    follow: textFrame("follow"),
    guess: () => request("POST", "/exchange", "", guess()),
    isAnswer: (/** @type {Buffer} */ _text) => true,
    /** The subprotocols that open a WebSocket; nothing has to be asked for first. */
    protocols: (/** @type {string} */ token) => `bare.v1, ${token}`,
    revoke: (/** @type {string} */ token, /** @type {string} */ victim) => request("POST", "/revoke", token, victim),
    session: (/** @type {string} */ token) => request("GET", "/session", token),
    ticket: undefined
  },
  t3: {
    ack: textFrame("{\"_tag\":\"Ack\",\"requestId\":\"1\"}"),
    ask: call("session.whoAmI", {}),
    follow: call("events.follow", { payload: {} }),
    guess: () => request("POST", "/oauth/token", "", exchangeForm(guess()), form),
    isAnswer: (/** @type {Buffer} */ text) =>
      text.includes("\"_tag\":\"Chunk\"") || text.includes("\"_tag\":\"Success\""),
    protocols: (/** @type {string} */ ticket) => `t3.rpc.v1, t3.ticket.${ticket}`,
    revoke: (/** @type {string} */ token, /** @type {string} */ victim) =>
      request("DELETE", `/api/access/sessions/${victim}`, token),
    session: (/** @type {string} */ token) => request("GET", "/api/session", token),
    ticket: (/** @type {string} */ token) => request("POST", "/api/ws-ticket", token)
  }
}
