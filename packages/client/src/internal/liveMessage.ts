/**
 * What a server may say in the RPC protocol, one message a frame, and what of it the calls are told.
 *
 * @since 0.1.0
 */
import { RpcClientError } from "@effect/rpc/RpcClientError"
import type { FromServerEncoded } from "@effect/rpc/RpcMessage"
import { Unavailable } from "@t3/protocol/Errors"
import * as Either from "effect/Either"
import * as Predicate from "effect/Predicate"
import * as Schema from "effect/Schema"
import { harmless } from "./answer.ts"

const RequestId = Schema.String.pipe(Schema.pattern(/^\d{1,20}$/))

const Message = Schema.Union(
  Schema.Struct({
    _tag: Schema.Literal("Chunk"),
    requestId: RequestId,
    values: Schema.NonEmptyArray(Schema.Unknown)
  }),
  Schema.Struct({
    _tag: Schema.Literal("Exit"),
    requestId: RequestId,
    exit: Schema.Union(
      Schema.Struct({ _tag: Schema.Literal("Success"), value: Schema.optional(Schema.Unknown) }),
      Schema.Struct({ _tag: Schema.Literal("Failure"), cause: Schema.Unknown })
    )
  }),
  Schema.Struct({ _tag: Schema.Literal("Defect") }),
  Schema.Struct({ _tag: Schema.Literal("Pong") })
)

const decodeMessage = Schema.decodeUnknownEither(Schema.parseJson(Message))

const unavailable = Schema.encodeSync(Unavailable)(new Unavailable())

/** The server failed at something that it does not name. */
const fault = new RpcClientError({ message: "The server failed.", reason: "Unknown" })

/** What was refused, wherever it stands in the cause. */
const refusalIn = (cause: unknown): unknown => {
  if (!Predicate.isReadonlyRecord(cause)) return undefined
  return cause["_tag"] === "Fail" ? cause["error"] : refusalIn(cause["left"]) ?? refusalIn(cause["right"])
}

/**
 * Reads a frame; left if it is no message. A call that failed there for another reason than a refusal (a fault that the
 * server's log has, or its end) is refused as `Unavailable` here.
 */
export const decode = (frame: unknown): Either.Either<FromServerEncoded, unknown> =>
  Either.map(decodeMessage(frame), (message): FromServerEncoded => {
    switch (message._tag) {
      case "Defect":
        return { _tag: "ClientProtocolError", error: fault }
      case "Exit": {
        const { exit, requestId } = message
        return {
          _tag: "Exit",
          exit: exit._tag === "Success"
            ? { _tag: "Success", value: exit.value }
            : { _tag: "Failure", cause: { _tag: "Fail", error: harmless(refusalIn(exit.cause) ?? unavailable) } },
          requestId
        }
      }
      default:
        return message
    }
  })
