/** What a request body may be, checked before it is read: small, of a known length, of the one type that its route takes. */
import * as HttpMethod from "@effect/platform/HttpMethod"
import type * as HttpServerRequest from "@effect/platform/HttpServerRequest"
import { Invalid, TooLarge } from "@t3/protocol/Errors"
import * as Effect from "effect/Effect"
import { isOAuth } from "./oauth.ts"

/** Every body of this API is small. Node reads no more than `Content-Length` says. */
const maxBytes = 16 * 1024

/** The library would read other types too, and write the files of a form to the disk. */
const typeOf = (request: HttpServerRequest.HttpServerRequest): string =>
  isOAuth(request) ? "application/x-www-form-urlencoded" : "application/json"

/** Fails for a body that would not be read (`TooLarge`, `Invalid`), so that the answer reaches who is still sending it. */
export const checkBody = (request: HttpServerRequest.HttpServerRequest): Effect.Effect<void, TooLarge | Invalid> => {
  const length = Number(request.headers["content-length"] ?? 0)
  if (length > maxBytes) return new TooLarge({ hint: "Requests have at most 16 KiB." })
  if (request.headers["transfer-encoding"] !== undefined) {
    return new Invalid({ hint: "Send it whole, with its Content-Length.", message: "The body has no length." })
  }
  const type = request.headers["content-type"]?.split(";")[0]?.trim().toLowerCase()
  if (!HttpMethod.hasBody(request.method) || (type === undefined && length === 0) || type === typeOf(request)) {
    return Effect.void
  }
  return new Invalid({ message: `The body is not of the type ${typeOf(request)}.` })
}
