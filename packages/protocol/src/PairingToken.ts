/**
 * The one-time secret that a person scans, pastes or types to pair a device.
 *
 * @since 0.1.0
 */
import * as Either from "effect/Either"
import * as ParseResult from "effect/ParseResult"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import * as Crockford from "./Crockford.ts"
import { secretText } from "./internal/quiet.ts"

/** Symbols in a pairing token: 12 × 5 bit = 60 bit. docs/adr/0003-secrets.md says why that is enough. */
export const length = 12

/** A pairing token in canonical spelling, never shown by a log or an error. */
export type PairingToken = Redacted.Redacted

/** Why a text is not a pairing token. The text itself is never repeated. */
export type Refusal = "empty" | "length" | "alphabet"

/** Reads a pairing token in any case, with or without dashes and spaces. Total: every string gives one or the other. */
export const parse = (text: string): Either.Either<PairingToken, Refusal> => {
  const canonical = Crockford.normalize(text)
  if (canonical === "") return Either.left("empty")
  if (!Crockford.isCanonical(canonical)) return Either.left("alphabet")
  return canonical.length === length ? Either.right(Redacted.make(canonical)) : Either.left("length")
}

const refusals: Record<Refusal, string> = {
  alphabet: "a pairing token has digits and letters only, without U",
  empty: "the pairing token is empty",
  length: `a pairing token has ${length} characters, like XXXX-XXXX-XXXX`
}

/** A sentence for a person, which does not quote the text. */
export const explain = (refusal: Refusal): string => refusals[refusal]

/** The spelling for people: `XXXX-XXXX-XXXX`. Reveals the secret. */
export const unsafeFormat = (token: PairingToken): string => Redacted.value(token).replace(/(.{4})(?=.)/g, "$1-")

/** On the wire a string in any accepted spelling, inside a `Redacted`. A decode error never quotes it. */
export const PairingToken: Schema.Schema<PairingToken, string> = Schema.transformOrFail(
  secretText("a pairing token"),
  Schema.RedactedFromSelf(Schema.String),
  {
    strict: true,
    decode: (text, _, ast) =>
      Either.mapLeft(parse(text), (refusal) => new ParseResult.Type(ast, "<redacted>", explain(refusal))),
    encode: (token) => ParseResult.succeed(Redacted.value(token))
  }
).annotations({ identifier: "PairingToken" })
