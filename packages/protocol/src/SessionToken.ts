/**
 * The secrets that stand for a session. A prefix tells each kind from the others.
 *
 * @since 0.1.0
 */
import type * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import { secretText } from "./internal/quiet.ts"

/** `t3s_` is a bearer token; `t3c_` and `t3b_` are the cookie half and the storage half of a browser session. */
export const prefixes = { bearer: "t3s_", cookie: "t3c_", storage: "t3b_" } as const

/** Prefix, session id (12), secret (52 symbols = 256 bit and 4 to spare) and checksum (6), all lower-case base32. */
export const pattern = /^t3[scb]_[0-9a-hjkmnp-tv-z]{70}$/

const half = (name: string, prefix: string): Schema.Schema<Redacted.Redacted, string> =>
  Schema.Redacted(
    secretText(`a ${name}`).pipe(
      Schema.filter((text) => text.startsWith(prefix) && pattern.test(text), { message: () => `not a ${name}` })
    )
  ).annotations({ identifier: name })

/** A bearer session token. */
export const SessionToken = half("SessionToken", prefixes.bearer)
export type SessionToken = Redacted.Redacted

/** The half of a browser session that the page keeps and sends as a header. */
export const StorageHalf = half("StorageHalf", prefixes.storage)

/** The header that carries the storage half. */
export const storageHeader = "t3-session"

/** The cookie that carries the other half: one name for each environment and scheme, since cookies ignore ports. */
export const cookieName = (environmentId: string, scheme: "http" | "https"): string => `t3_${environmentId}_${scheme}`
