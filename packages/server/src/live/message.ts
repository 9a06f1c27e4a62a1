/** Text frames as messages of the RPC protocol. */
import type { FromClientEncoded } from "@effect/rpc/RpcMessage"

/** One spelling for each id, since answers carry it as a number is written. */
const isId = (value: unknown): boolean => typeof value === "string" && /^(?:0|[1-9]\d{0,18})$/.test(value)

/** Which field of a message is an id. What else a call has is checked by the RPC server, against its schema. */
const ids = new Map([["Request", "id"], ["Ack", "requestId"], ["Interrupt", "requestId"], ["Ping", undefined]])

const isMessage = (value: unknown): value is FromClientEncoded => {
  if (typeof value !== "object" || value === null || !("_tag" in value) || typeof value._tag !== "string") return false
  const id = ids.get(value._tag)
  return ids.has(value._tag) && (id === undefined || isId((value as Record<string, unknown>)[id]))
}

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

/** The answer to a call that does not exist, which is a matter of this call alone. */
export const unknownCall = (requestId: string) => ({
  _tag: "Exit",
  exit: {
    _tag: "Failure",
    cause: { _tag: "Die", defect: { message: "This server has no such call.", name: "UnknownCall" } }
  },
  requestId
})
