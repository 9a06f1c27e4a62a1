/**
 * Tells a T3 server's answer from everything else that can come back, or not come back, from an address. No answer's
 * body is ever repeated: it may be anybody's.
 *
 * @since 0.1.0
 */
import type * as HttpClientError from "@effect/platform/HttpClientError"
import type * as HttpClientResponse from "@effect/platform/HttpClientResponse"
import { Invalid, Refusal, Unreachable } from "@t3/protocol/Errors"
import * as Effect from "effect/Effect"
import * as ParseResult from "effect/ParseResult"
import * as Predicate from "effect/Predicate"
import * as Record from "effect/Record"
import * as Schema from "effect/Schema"
import * as Transport from "./transport.ts"

/** All that can go wrong below a call. */
export type Fault = Refusal | HttpClientError.HttpClientError | ParseResult.ParseError

const notT3 = (address: string, detail: string): Unreachable =>
  new Unreachable({
    hint: "Check the address and the port, and that `t3 serve` runs there.",
    message: `What answers at ${address} is not a T3 server: ${detail}.`
  })

/** A server's words reach terminals, so they come in as text only: no control or format character. */
const printable = (value: unknown): unknown => typeof value === "string" ? value.replace(/[\p{Cc}\p{Cf}]/gu, "") : value

/** A refusal as it was sent, before it is decoded, with its words made harmless. */
export const harmless = (refusal: unknown): unknown =>
  Predicate.isReadonlyRecord(refusal) ? Record.map(refusal, printable) : refusal

const parseJson = Schema.decode(Schema.parseJson())

const decodeRefusal = (body: unknown) => Schema.decodeUnknown(Refusal)(harmless(body))

/** What an answer can be made of, by its content type, and how a person would call it. */
const names = { "application/json": "JSON", "text/event-stream": "an event stream" } as const
export type ContentType = keyof typeof names

const isOf = (type: ContentType, response: HttpClientResponse.HttpClientResponse): boolean =>
  response.headers["content-type"]?.split(";", 1)[0]?.trim().toLowerCase() === type

/** A browser hides the status of a redirect that it does not follow: 0. */
const isRedirect = (status: number): boolean => status === 0 || (status >= 300 && status < 400)

/** An answer that is not JSON of the expected shape, or was cut short. */
export const fromDecoding = (address: string, fault: unknown): Unreachable =>
  Predicate.isTagged(fault, "ResponseError") && Predicate.hasProperty(fault, "cause") && fault.cause !== undefined
    ? new Unreachable({ message: `The connection to ${address} broke off before the answer was complete.` })
    : notT3(address, "its answer has another shape")

/**
 * Passes a success of that type on; fails with the server's own refusal, which is always JSON, or with `Unreachable` if
 * the answer is neither.
 */
export const accept = (
  address: string,
  response: HttpClientResponse.HttpClientResponse,
  type: ContentType
): Effect.Effect<HttpClientResponse.HttpClientResponse, Refusal> => {
  if (isRedirect(response.status)) return notT3(address, "it redirects elsewhere")
  const expected = response.status < 400 ? type : "application/json"
  if (!isOf(expected, response)) {
    return notT3(address, `it answers with something else than ${names[expected]} (status ${response.status})`)
  }
  if (response.status < 400) return Effect.succeed(response)
  return response.text.pipe(
    Effect.flatMap(parseJson),
    Effect.flatMap(decodeRefusal),
    Effect.mapError((fault) => fromDecoding(address, fault)),
    Effect.flatMap(Effect.fail)
  )
}

/** Which fields could not be sent. Their values are not quoted: one of them may be a secret. */
const fromEncoding = (fault: ParseResult.ParseError): Invalid => {
  const fields = ParseResult.ArrayFormatter.formatErrorSync(fault).map((issue) => issue.path.join(".")).filter(Boolean)
  return new Invalid({
    message: `The request cannot be sent: ${[...new Set(fields)].join(", ") || "it"} is malformed.`
  })
}

/** The one meaning of each fault for the caller. */
export const toRefusal = (address: string, fault: Fault): Refusal => {
  switch (fault._tag) {
    case "ParseError":
      return fromEncoding(fault)
    case "RequestError":
      return fault.reason === "Transport"
        ? new Unreachable({ message: `${address} does not answer: ${Transport.explain(fault.cause)}.` })
        : new Invalid({ message: `${address} is not an address that can be called.` })
    case "ResponseError":
      return fromDecoding(address, fault)
    default:
      return fault
  }
}
