/** What the answers of /oauth routes have beside ours: the fields of RFC 6749. */
import type * as HttpApiError from "@effect/platform/HttpApiError"
import type * as HttpServerRequest from "@effect/platform/HttpServerRequest"

/** Whether a request is for one of these routes. */
export const isOAuth = (request: HttpServerRequest.HttpServerRequest): boolean => request.url.startsWith("/oauth/")

/** RFC 6749, 5.2, and RFC 8693, 2.2.2: a subject token that is not valid is an invalid request. */
export const errorCode = (status: number): string => status < 500 ? "invalid_request" : "temporarily_unavailable"

/** Whether the fault is a grant type that is none of ours. */
export const isUnsupportedGrant = (error: HttpApiError.HttpApiDecodeError): boolean =>
  error.issues.some((issue) => issue.path[0] === "grant_type" && issue._tag !== "Missing")
