/**
 * The link behind the QR code: `<connection string>/pair#t=<token>[&p=<tls pin>]`. The secret is in the fragment only,
 * which browsers do not send (RFC 9110, 4.2.4).
 *
 * @since 0.1.0
 */
import * as Either from "effect/Either"
import * as Redacted from "effect/Redacted"
import * as ConnectionString from "./ConnectionString.ts"
import { Invalid } from "./Errors.ts"
import * as PairingToken from "./PairingToken.ts"

/** What a pairing link says. */
export interface PairingLink {
  readonly connectionString: ConnectionString.ConnectionString
  readonly token: PairingToken.PairingToken
  /** SHA-256 of the server's public key (SPKI), base64url without padding; only on links to a self-signed server. */
  readonly pin?: string
}

/** SHA-256 in base64url without padding: 43 characters, the last of which carries four bits. */
const isPin = (text: string): boolean => /^[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]$/.test(text)

const refuse = (message: string, hint: string) => Either.left(new Invalid({ hint, message }))

const whole = "Copy the pairing link whole, from http to the end."

/** The link as text. Reveals the secret: print it once, on a terminal or where it was asked for. */
export const unsafePrint = (link: PairingLink): string =>
  `${link.connectionString}/pair#t=${Redacted.value(link.token)}${link.pin === undefined ? "" : `&p=${link.pin}`}`

/** Reads a pairing link. Total: every string gives a link or an `Invalid` that does not quote it. */
export const parse = (text: string): Either.Either<PairingLink, Invalid> =>
  Either.gen(function*() {
    const url = yield* ConnectionString.parseUrl(text)
    const fragment = new URLSearchParams(url.hash.slice(1))
    url.hash = ""
    const { pathname } = url
    url.pathname = pathname.replace(/\/pair\/*$/, "")
    const connectionString = yield* ConnectionString.fromUrl(url)
    if (url.pathname === pathname) {
      return yield* refuse("This is not a pairing link: its path does not end in /pair.", whole)
    }
    const tokens = fragment.getAll("t")
    if (tokens.length !== 1) {
      return yield* refuse("This pairing link has no token (#t=…), or more than one.", whole)
    }
    const token = yield* Either.mapLeft(PairingToken.parse(tokens[0] ?? ""), (refusal) =>
      new Invalid({ hint: whole, message: `This pairing link is damaged: ${PairingToken.explain(refusal)}.` }))
    const pin = fragment.get("p")
    if (pin === null)
      return { connectionString, token }
    if (!isPin(pin))
      return yield* refuse("This pairing link is damaged: its certificate pin is malformed.", whole)
    return { connectionString, pin, token }
  })
