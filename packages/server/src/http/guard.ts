/** The outermost layer of every answer: `Host` and `Origin` are checked first, failures become answers, headers go on last. */
import * as HttpIncomingMessage from "@effect/platform/HttpIncomingMessage"
import * as FileSystem from "@effect/platform/FileSystem"
import * as HttpServerRequest from "@effect/platform/HttpServerRequest"
import * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import { HostNotAllowed, OriginNotAllowed } from "@t3/protocol/Errors"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as HostRule from "../network/HostRule.ts"
import { answering } from "./answer.ts"
import { Ingress } from "./Ingress.ts"
import { securityHeaders } from "./securityHeaders.ts"

/** What a request body may have: every body of this API is small. */
const maxBody = FileSystem.KiB(16)

const printable = (header: string): string => JSON.stringify(header.slice(0, 100))

/** The check of one request (`HostNotAllowed`, `OriginNotAllowed`). */
const check = (
  names: HostRule.Names,
  arrival: HostRule.Arrival,
  request: HttpServerRequest.HttpServerRequest
): Effect.Effect<void, HostNotAllowed | OriginNotAllowed> => {
  const host = request.headers["host"] ?? ""
  if (!HostRule.allowsHost(names, arrival, host)) {
    return new HostNotAllowed({
      hint: "Use an address that the server printed, or start it with --advertise-host and this name.",
      message: `This server does not answer as ${printable(host)}.`
    })
  }
  const origin = request.headers["origin"]
  return origin === undefined || HostRule.allowsOrigin(origin, host)
    ? Effect.void
    : new OriginNotAllowed({ message: `This server does not answer pages of ${printable(origin)}.` })
}

/** Headers that an answer set itself, such as the caching of an asset, stay. */
const withSecurityHeaders = (response: HttpServerResponse.HttpServerResponse) =>
  HttpServerResponse.setHeaders(response, { ...securityHeaders, ...response.headers })

/** Wraps the application. What came over the control socket has no name to check. */
export const guarded = <E, R>(
  app: Effect.Effect<HttpServerResponse.HttpServerResponse, E, R>,
  names: HostRule.Names,
  arrivalOf: (request: HttpServerRequest.HttpServerRequest) => HostRule.Arrival
) =>
  Effect.flatMap(HttpServerRequest.HttpServerRequest, (request) =>
    Effect.flatMap(Ingress, (ingress) =>
      ingress === "control" ? app : Effect.zipRight(check(names, arrivalOf(request), request), app)).pipe(
        HttpIncomingMessage.withMaxBodySize(Option.some(maxBody)),
        answering(request),
        Effect.map(withSecurityHeaders)
      ))
