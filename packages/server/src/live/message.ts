/** Text frames as messages of the RPC protocol. */
import type { FromClientEncoded } from "@effect/rpc/RpcMessage"

const tags = new Set(["Request", "Ack", "Interrupt", "Ping", "Eof"])

const isMessage = (value: unknown): value is FromClientEncoded =>
  typeof value === "object" && value !== null && "_tag" in value && typeof value._tag === "string" &&
  tags.has(value._tag) &&
  // What else a request has is checked by the RPC server, against the schema of the call.
  (value._tag !== "Request" || ("id" in value && typeof value.id === "string" && /^\d{1,20}$/.test(value.id))) &&
  (!("requestId" in value) || (typeof value.requestId === "string" && /^\d{1,20}$/.test(value.requestId)))

/** The message in a frame, if there is one. Headers, which could say anything of who sends it, are dropped. */
export const parse = (data: unknown): FromClientEncoded | undefined => {
  try {
    const message: unknown = JSON.parse(String(data))
    if (!isMessage(message)) return undefined
    return message._tag === "Request" ? { ...message, headers: [] } : message
  } catch {
    return undefined
  }
}
