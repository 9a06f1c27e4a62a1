/** Where failures become answers: `{ "_tag", "message", "hint"? }`, with the fields of RFC 6749 beside on /oauth routes. */
import * as HttpApiError from "@effect/platform/HttpApiError"
import * as HttpApiSchema from "@effect/platform/HttpApiSchema"
import * as HttpServerError from "@effect/platform/HttpServerError"
import type * as HttpServerRequest from "@effect/platform/HttpServerRequest"
import * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import * as Errors from "@t3/protocol/Errors"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as FiberRef from "effect/FiberRef"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as OAuth from "./oauth.ts"
import { ending } from "./requestConnection.ts"

const isRefusal = Schema.is(Errors.Refusal)

/** By tag, as each error says it of itself. */
const statuses = new Map(
  Object.values(Errors).flatMap((error): Array<[string, number]> =>
    "_tag" in error ? [[error._tag, HttpApiSchema.getStatusError(error)]] : []
  )
)

/** A refusal as it goes over the wire. */
export const refusalOf = (error: Errors.Refusal) => {
  const status = statuses.get(error._tag) ?? 500
  return {
    body: {
      _tag: error._tag,
      message: error.message,
      ...(error.hint === undefined ? {} : { hint: error.hint }),
      ...(error._tag === "ScopeRequired" ? { required: error.required } : {}),
      ...(error._tag === "RateLimited" ? { retryAfter: error.retryAfter } : {})
    },
    headers: {
      // RFC 9110, 15.5.2: a 401 names a scheme.
      ...(status === 401 ? { "www-authenticate": "Bearer" } : {}),
      ...(error._tag === "RateLimited" ? { "retry-after": String(error.retryAfter) } : {})
    },
    status
  }
}

const encode = (
  request: HttpServerRequest.HttpServerRequest,
  error: Errors.Refusal,
  oauthCode?: string
): HttpServerResponse.HttpServerResponse => {
  const { body, headers, status } = refusalOf(error)
  const oauth = { error: oauthCode ?? OAuth.errorCode(status), error_description: error.message }
  return HttpServerResponse.unsafeJson(OAuth.isOAuth(request) ? { ...body, ...oauth } : body, { headers, status })
}

/** Names the fields that are wrong and why; a schema of a secret has a message that does not quote it. */
const fromDecodeError = (error: HttpApiError.HttpApiDecodeError): Errors.Invalid =>
  new Errors.Invalid({
    message: `The request is malformed: ${
      error.issues.slice(0, 5).map((issue) => `${issue.path.map(String).join(".") || "body"}: ${explain(issue)}`).join(
        "; "
      )
    }.`
  })

/** Only our own messages are passed on: those of the library quote what was sent. */
const explain = (issue: HttpApiError.HttpApiDecodeError["issues"][number]): string => {
  if (issue._tag === "Missing") return "is missing"
  return /\bactual\b|"/.test(issue.message) ? "has a wrong value" : issue.message
}

const toRefusal = (error: unknown): Option.Option<Errors.Refusal> => {
  if (isRefusal(error)) return Option.some(error)
  if (error instanceof HttpApiError.HttpApiDecodeError) return Option.some(fromDecodeError(error))
  // A body that cannot be read is the client's fault, though the library treats it as a defect.
  if (error instanceof HttpServerError.RequestError) {
    return Option.some(new Errors.Invalid({ message: "The body of the request cannot be read." }))
  }
  if (error instanceof HttpServerError.RouteNotFound) return Option.some(new Errors.NotFound())
  return Option.none()
}

const oauthCodeOf = (error: unknown): string | undefined =>
  error instanceof HttpApiError.HttpApiDecodeError && OAuth.isUnsupportedGrant(error)
    ? "unsupported_grant_type"
    : undefined

/** Answers whatever `app` fails with. A defect is logged here, and its text stays here. */
export const answering = (request: HttpServerRequest.HttpServerRequest) =>
<E, R>(
  app: Effect.Effect<HttpServerResponse.HttpServerResponse, E, R>
): Effect.Effect<HttpServerResponse.HttpServerResponse, never, R> =>
  Effect.catchAllCause(app, (cause) => {
    if (Cause.isInterruptedOnly(cause)) {
      return Effect.map(FiberRef.get(ending), ({ reason }) => encode(request, reason ?? new Errors.Unavailable()))
    }
    const error = Cause.squash(cause)
    return Option.match(toRefusal(error), {
      onNone: () =>
        Effect.as(
          Effect.logError(`${request.method} failed`, cause),
          HttpServerResponse.unsafeJson(
            { _tag: "InternalError", message: "The server failed; its log has the cause." },
            { status: 500 }
          )
        ),
      onSome: (refusal) => Effect.succeed(encode(request, refusal, oauthCodeOf(error)))
    })
  })
