/**
 * Secrets: minted, read, hashed and compared here and nowhere else.
 *
 * @since 0.1.0
 */
import * as Crockford from "@t3/protocol/Crockford"
import * as PairingToken from "@t3/protocol/PairingToken"
import { pattern, prefixes } from "@t3/protocol/SessionToken"
import * as Ticket from "@t3/protocol/Ticket"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import { createHash, randomBytes, timingSafeEqual } from "node:crypto"

/** Which of the session secrets a token is. */
export type Kind = keyof typeof prefixes

/** What a session secret says without being checked against anything: its kind and the session it names. */
export interface Named {
  readonly kind: Kind
  readonly id: string
}

/** 52 symbols of 5 bit: 256 bit and four to spare. */
const secretLength = 52
const idLength = 12
const checksumLength = 6
const prefixLength = 4

/** Unbiased, since 32 divides 256. */
const symbols = (bytes: Uint8Array): string => Array.from(bytes, (byte) => Crockford.alphabet[byte & 31]).join("")

const checksum = (text: string): string =>
  symbols(createHash("sha256").update(text).digest().subarray(0, checksumLength)).toLowerCase()

const kinds = new Map<string, Kind>(
  (Object.keys(prefixes) as Array<Kind>).map((kind) => [prefixes[kind], kind])
)

/** What is stored in place of a secret: its SHA-256, base64url. */
export const hash = (secret: Redacted.Redacted): string =>
  createHash("sha256").update(Redacted.value(secret)).digest("base64url")

/** Whether `secret` hashes to `stored`, in a time that does not depend on where they differ. */
export const matches = (secret: Redacted.Redacted, stored: string): boolean => {
  const left = Buffer.from(hash(secret))
  const right = Buffer.from(stored)
  return left.length === right.length && timingSafeEqual(left, right)
}

/** Reads a session secret. The checksum turns typing mistakes and random guesses away before any storage is asked. */
export const parse = (token: Redacted.Redacted): Option.Option<Named> => {
  const text = Redacted.value(token)
  const kind = kinds.get(text.slice(0, prefixLength))
  if (kind === undefined || !pattern.test(text)) return Option.none()
  const body = text.slice(0, -checksumLength)
  return checksum(body) === text.slice(-checksumLength)
    ? Option.some({ kind, id: text.slice(prefixLength, prefixLength + idLength) })
    : Option.none()
}

/** The generator of secrets and ids. `layer` draws from the operating system. */
export class Secret extends Context.Tag("@t3/auth-core/Secret")<Secret, {
  /** 12 symbols, 60 bit. */
  readonly pairingToken: Effect.Effect<PairingToken.PairingToken>
  /** A secret of 256 bit for the session `id`. */
  readonly sessionToken: (kind: Kind, id: string) => Effect.Effect<Redacted.Redacted>
  /** A secret of 256 bit that opens a live connection. */
  readonly ticket: Effect.Effect<Redacted.Redacted>
  /** An id: 12 lower-case symbols, 60 bit, no secret. */
  readonly id: Effect.Effect<string>
}>() {
  static readonly layer: Layer.Layer<Secret> = Layer.sync(this, () => {
    const draw = (length: number) => Effect.sync(() => symbols(randomBytes(length)))
    return Secret.of({
      id: Effect.map(draw(idLength), (text) => text.toLowerCase()),
      pairingToken: Effect.map(draw(PairingToken.length), (text) => Redacted.make(text)),
      sessionToken: (kind, id) =>
        Effect.map(draw(secretLength), (text) => {
          const body = prefixes[kind] + id + text.toLowerCase()
          return Redacted.make(body + checksum(body))
        }),
      ticket: Effect.map(draw(secretLength), (text) => Redacted.make(Ticket.prefix + text.toLowerCase()))
    })
  })
}
