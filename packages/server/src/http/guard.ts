/** The outermost layer of every answer: `Host`, `Origin` and body are checked first, failures become answers, headers go on last. */
import * as HttpServerRequest from "@effect/platform/HttpServerRequest"
import * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import { Source } from "@t3/auth-core/Source"
import { HostNotAllowed, OriginNotAllowed } from "@t3/protocol/Errors"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as HostRule from "../network/HostRule.ts"
import { answering } from "./answer.ts"
import { checkBody } from "./body.ts"
import { Ingress } from "./Ingress.ts"
import { securityHeaders } from "./securityHeaders.ts"
import { sourceOf } from "./source.ts"

const printable = (header: string): string => JSON.stringify(header.slice(0, 100))

/** What the check looks at, of a request or of an upgrade. */
interface Head {
  readonly url: string
  readonly headers: Readonly<Record<string, string | ReadonlyArray<string> | undefined>>
}

/** The host that is asked for, as it was sent: that of an absolute target goes before the header (RFC 9112, 3.2.2). */
export const hostOf = ({ headers, url }: Head): string =>
  /^https?:\/\/([^/?#]*)/i.exec(url)?.[1] ?? String(headers["host"] ?? "")

/** The check of one request (`HostNotAllowed`, `OriginNotAllowed`). */
export const check = (
  names: HostRule.Names,
  arrival: HostRule.Arrival,
  request: Head
): Effect.Effect<void, HostNotAllowed | OriginNotAllowed> => {
  const host = hostOf(request)
  if (!HostRule.allowsHost(names, arrival, host)) {
    return new HostNotAllowed({
      hint: "Use an address that the server printed, or start it with --advertise-host and this name.",
      message: `This server does not answer as ${printable(host)}.`
    })
  }
  const { origin } = request.headers
  return origin === undefined || HostRule.allowsOrigin(String(origin), host)
    ? Effect.void
    : new OriginNotAllowed({ message: `This server does not answer pages of ${printable(String(origin))}.` })
}

/** Headers that an answer set itself, such as the caching of an asset, stay. */
const withSecurityHeaders = (response: HttpServerResponse.HttpServerResponse) =>
  HttpServerResponse.setHeaders(response, { ...securityHeaders, ...response.headers })

/** The control socket is no network, whatever its peer is called. */
const from = (ingress: typeof Ingress.Service, request: HttpServerRequest.HttpServerRequest) =>
  ingress === "control" ? undefined : sourceOf(Option.getOrUndefined(request.remoteAddress))

/** Wraps the application. What came over the control socket has no name to check. */
export const guarded = <E, R>(
  app: Effect.Effect<HttpServerResponse.HttpServerResponse, E, R>,
  names: HostRule.Names,
  arrivalOf: (request: HttpServerRequest.HttpServerRequest) => HostRule.Arrival
) =>
  Effect.flatMap(
    HttpServerRequest.HttpServerRequest,
    (request) =>
      Effect.flatMap(Ingress, (ingress) =>
        (ingress === "control" ? Effect.void : check(names, arrivalOf(request), request)).pipe(
          Effect.zipRight(checkBody(request)),
          Effect.zipRight(app),
          answering(request),
          Effect.map(withSecurityHeaders),
          Effect.provideService(Source, from(ingress, request))
        ))
  )
