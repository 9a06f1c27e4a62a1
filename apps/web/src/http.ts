/**
 * Talks to the server that this page came from: plain `fetch`, and every answer looked at before it is believed.
 *
 * @since 0.1.0
 */
import type { DeviceFields } from "@t3/protocol/Device"
import type { Descriptor } from "@t3/protocol/Environment"
import type { Attempt, Failure, FailureTag, Paired, WirePairing } from "./state.ts"

/** What came back: a value, or why there is none. */
export type Outcome<A> =
  | { readonly ok: true; readonly value: A }
  | { readonly ok: false; readonly failure: Failure }

const refusals: ReadonlySet<string> = new Set<FailureTag>([
  "Conflict",
  "HostNotAllowed",
  "Invalid",
  "OriginNotAllowed",
  "PairingExpired",
  "PairingRevoked",
  "PairingUnknown",
  "PairingUsed",
  "RateLimited",
  "SessionExpired",
  "SessionRevoked",
  "TooLarge",
  "Unauthenticated",
  "Unavailable",
  "VersionMismatch"
])

const isRefusal = (tag: unknown): tag is FailureTag => typeof tag === "string" && refusals.has(tag)

const field = (value: unknown, name: string): unknown =>
  typeof value === "object" && value !== null ? Object.entries(value).find(([key]) => key === name)?.[1] : undefined

const isText = (value: unknown): value is string => typeof value === "string" && value !== ""

const isPaired = (value: unknown): value is Pick<Paired, "environment" | "session"> => {
  const session = field(value, "session")
  const environment = field(value, "environment")
  return isText(field(session, "id")) && isText(field(session, "role")) && isText(field(session, "expiresAt")) &&
    Array.isArray(field(session, "scopes")) && typeof field(field(session, "device"), "label") === "string" &&
    isText(field(environment, "id")) && typeof field(environment, "label") === "string"
}

const isPairing = (value: unknown): value is WirePairing =>
  isPaired(value) && isText(field(value, "storageHalf")) && typeof field(value, "expiresIn") === "number"

const isDescriptor = (value: unknown): value is typeof Descriptor.Encoded => isText(field(value, "environmentId"))

const isAnything = (value: unknown): value is unknown => value !== undefined

const toFailure = (status: number, body: unknown): Failure => {
  const tag = field(body, "_tag")
  const message = field(body, "message")
  const retryAfter = field(body, "retryAfter")
  const said = isText(message) ? { message } : {}
  if (!isRefusal(tag)) return { _tag: "Unexpected", status, ...said }
  return { _tag: tag, ...said, ...(typeof retryAfter === "number" && retryAfter > 0 ? { retryAfter } : {}) }
}

const timeout = 15_000
const pause = 1_000

/** One request. A redirect is refused: a token must not follow it to somebody else. */
const send = async <A>(
  url: URL,
  init: RequestInit,
  isExpected: (body: unknown) => body is A
): Promise<Outcome<A>> => {
  const controller = new AbortController()
  const timer = setTimeout(() => controller.abort(), timeout)
  try {
    const response = await fetch(url, {
      ...init,
      cache: "no-store",
      credentials: "same-origin",
      redirect: "error",
      signal: controller.signal
    })
    const text = await response.text()
    const body = parse(text)
    return response.ok && isExpected(body)
      ? { ok: true, value: body }
      : { failure: toFailure(response.status, body), ok: false }
  } catch {
    return { failure: { _tag: "Unreachable" }, ok: false }
  } finally {
    clearTimeout(timer)
  }
}

const parse = (text: string): unknown => {
  try {
    const body: unknown = JSON.parse(text)
    return body
  } catch {
    return undefined
  }
}

const withHalf = (storageHalf: string | undefined): Record<string, string> =>
  storageHalf === undefined ? {} : { "t3-session": storageHalf }

/** The calls of the page, relative to the page's own address, so that it works under any path. */
export const make = (pageUrl: string) => {
  const at = (path: string) => new URL(path, pageUrl)
  return {
    /** Which environment this is. */
    describe: () => send(at("./.well-known/t3/environment"), {}, isDescriptor),

    /**
     * A token for a session. Sent once more, with the same key, where no answer came: the first may have arrived.
     * The half of an earlier session proves that this is the same device, which the new session then replaces.
     */
    exchange: async (
      attempt: Attempt,
      device: DeviceFields,
      storageHalf: string | undefined
    ): Promise<Outcome<WirePairing>> => {
      const once = () =>
        send(at("./api/session"), {
          body: JSON.stringify({ device, token: attempt.token }),
          headers: {
            "Content-Type": "application/json",
            "Idempotency-Key": attempt.key,
            ...withHalf(storageHalf)
          },
          method: "POST"
        }, isPairing)
      const first = await once()
      if (first.ok || first.failure._tag !== "Unreachable") return first
      await new Promise((resolve) => setTimeout(resolve, pause))
      return once()
    },

    /** Whose session this is. */
    whoAmI: (storageHalf: string) => send(at("./api/session"), { headers: withHalf(storageHalf) }, isPaired),

    /** Ends the session. */
    signOut: (storageHalf: string) =>
      send(at("./api/session"), { headers: withHalf(storageHalf), method: "DELETE" }, isAnything)
  }
}
