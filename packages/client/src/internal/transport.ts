/**
 * Says in words why a connection failed. Node tells by a code somewhere down the chain of causes, a browser not at all.
 *
 * @since 0.1.0
 */
import * as Predicate from "effect/Predicate"

const reasons: Readonly<Record<string, string>> = {
  ECONNREFUSED: "the connection was refused",
  ECONNRESET: "the connection broke off",
  EHOSTDOWN: "the host is down",
  EHOSTUNREACH: "no route leads there",
  EAI_AGAIN: "its name cannot be looked up now",
  ENETUNREACH: "no route leads there",
  ENOENT: "there is no such socket",
  ENOTFOUND: "its name is not known",
  EPIPE: "the connection broke off",
  EPROTO: "it does not speak TLS (try http://)",
  ERR_SSL_WRONG_VERSION_NUMBER: "it does not speak TLS (try http://)",
  ETIMEDOUT: "no answer came in time",
  UND_ERR_BODY_TIMEOUT: "no answer came in time",
  UND_ERR_CONNECT_TIMEOUT: "no answer came in time",
  UND_ERR_HEADERS_TIMEOUT: "no answer came in time",
  UND_ERR_SOCKET: "the connection broke off",
  "bad port": "browsers and fetch call no server on this port (see fetch.spec.whatwg.org/#port-blocking)"
}

const certificate = /CERT|SELF_SIGNED|UNABLE_TO_VERIFY/

const httpParser = /^(HPE_|UND_ERR_INVALID|UND_ERR_RES)/

/** The first code in the chain of causes; a chain is short, whatever a library makes of it. */
const codeOf = (cause: unknown, depth = 0): string | undefined => {
  if (depth > 5 || !Predicate.isRecord(cause)) return undefined
  if (typeof cause["code"] === "string") return cause["code"]
  // The one failure of fetch itself that a person can mend; it has no code.
  return cause["message"] === "bad port" ? "bad port" : codeOf(cause["cause"], depth + 1)
}

/** The reason as the end of a sentence. It holds nothing of the request. */
export const explain = (cause: unknown): string => {
  const code = codeOf(cause)
  if (code === undefined) return "no connection came about"
  if (certificate.test(code)) return `its certificate is not trusted (${code})`
  if (httpParser.test(code)) return "what listens there does not speak HTTP"
  return reasons[code] ?? code
}
