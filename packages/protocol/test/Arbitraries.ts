/** Generators of what the wire carries, good and bad. */
import { FastCheck as fc, Redacted } from "effect"
import * as Crockford from "../src/Crockford.ts"

const symbol = fc.constantFrom(...Crockford.alphabet)

/** Any string at all: lone surrogates, NUL and controls included, often shaped a little like what a parser wants. */
export const anyText: fc.Arbitrary<string> = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.array(fc.integer({ max: 0xffff, min: 0 }).map((unit) => String.fromCharCode(unit))).map((units) => units.join("")),
  fc.array(
    fc.constantFrom(
      ..."http https :// : / // ? # & = @ [ ] % %00 %2e .. pair #t= &p= &t= ::1 \0 \ud800 javascript: . 3773".split(" ")
    ),
    { maxLength: 16 }
  ).map((pieces) => pieces.join(""))
)

/** The twelve symbols of a pairing token. */
export const tokenText = fc.array(symbol, { maxLength: 12, minLength: 12 }).map((symbols) => symbols.join(""))

export const token = tokenText.map((text) => Redacted.make(text))

const label = fc.stringMatching(/^[a-z][a-z0-9]{0,12}$/)
const group = fc.integer({ max: 0xffff, min: 0 }).map((number) => number.toString(16))

/** Hosts as a URL writes them: names, IPv4 and bracketed IPv6. */
const host = fc.oneof(
  fc.constantFrom("pair", "localhost", "a.pair"),
  fc.array(label, { maxLength: 4, minLength: 1 }).map((labels) => labels.join(".")),
  fc.ipV4(),
  fc.array(group, { maxLength: 8, minLength: 8 }).map((groups) => `[${groups.join(":")}]`)
)

const port = fc.oneof(fc.constant(""), fc.integer({ max: 65_535, min: 1 }).map((number) => `:${number}`))

const segment = fc.oneof(
  fc.constant("pair"),
  fc.stringMatching(/^[A-Za-z0-9._~!$&'()*+,;=:@-]{1,12}$/),
  fc.constant("%C3%A9")
)

const path = fc.array(segment, { maxLength: 4 }).map((segments) => segments.map((it) => `/${it}`).join(""))

/** Absolute addresses, as somebody may write them. */
export const addressText = fc.tuple(fc.constantFrom("http://", "https://"), host, port, path).map((parts) =>
  parts.join("")
)

/** SHA-256 in base64url. */
export const pin = fc.uint8Array({ maxLength: 32, minLength: 32 }).map((bytes) =>
  Buffer.from(bytes).toString("base64url")
)
