/** Text frames as messages of the RPC protocol. */
import type { FromClientEncoded, FromServerEncoded, RequestEncoded, ResponseExitEncoded } from "@effect/rpc/RpcMessage"
import { LiveRpcs } from "@t3/protocol/LiveRpcs"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"

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

/** What a peer is told of a fault that is the server's own. */
export const sealed = "The server failed; its log has the cause."

const failed = (
  requestId: string,
  cause: Extract<ResponseExitEncoded["exit"], { _tag: "Failure" }>["cause"]
): ResponseExitEncoded => ({ _tag: "Exit", exit: { _tag: "Failure", cause }, requestId })

const died = (requestId: string, name: string, message: string) =>
  failed(requestId, { _tag: "Die", defect: { message, name } })

/** The answer to a call that cannot be made: a matter of this call alone. None where it can. */
export const refusalOf = ({ id, payload, tag }: RequestEncoded): ResponseExitEncoded | undefined => {
  const call = LiveRpcs.requests.get(tag)
  if (call === undefined) return died(id, "UnknownCall", "This server has no such call.")
  const fits = Option.isSome(Schema.decodeUnknownOption(call.payloadSchema as Schema.Schema.AnyNoContext)(payload))
  return fits ? undefined : failed(id, {
    _tag: "Fail",
    error: { _tag: "Invalid", message: `What was sent does not fit the call ${tag}.` }
  })
}

/** The library's own words for an answer that it could not encode quote the answer: they are for the log. */
export const faultOf = (
  message: FromServerEncoded
): { readonly fault: string; readonly told: FromServerEncoded } | undefined => {
  if (message._tag === "Defect") return { fault: String(message.defect), told: { _tag: "Defect", defect: sealed } }
  const cause = message._tag === "Exit" && message.exit._tag === "Failure" ? message.exit.cause : undefined
  return message._tag === "Exit" && cause?._tag === "Die" && typeof cause.defect === "string"
    ? { fault: cause.defect, told: died(message.requestId, "RuntimeException", sealed) }
    : undefined
}
