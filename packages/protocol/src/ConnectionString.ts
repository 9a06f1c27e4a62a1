/**
 * The base URL of an environment, e.g. `http://100.64.0.7:3773` or `https://box.example/t3`.
 *
 * @since 0.1.0
 */
import * as Brand from "effect/Brand"
import * as Either from "effect/Either"
import * as ParseResult from "effect/ParseResult"
import * as Schema from "effect/Schema"
import { Invalid } from "./Errors.ts"

/** Scheme, host, port where it is not the scheme's own, and path without a slash at the end. */
export type ConnectionString = string & Brand.Brand<"@t3/ConnectionString">

/** The port of a T3 server that was not told another. */
export const defaultPort = 3773

const refuse = (message: string, hint: string) => Either.left(new Invalid({ hint, message }))

const example = "It looks like http://100.64.0.7:3773."

/** More than any browser's address bar has use for, so that nothing costs time to refuse. */
const maxLength = 2048

/** Parses, or says nothing: `URL.canParse` is missing in browsers of before 2023. */
const toUrl = (text: string): URL | undefined => {
  try {
    return new URL(text)
  } catch {
    return undefined
  }
}

/** What a URL must not have to be an address of ours. The text is not quoted: it may hold a secret. */
export const fromUrl = (url: URL): Either.Either<ConnectionString, Invalid> => {
  if (url.protocol !== "http:" && url.protocol !== "https:") {
    // A pairing token with a colon behind it would be a scheme too, of twelve characters.
    const name = url.protocol.length < 12 ? `, not ${url.protocol}` : "."
    return refuse(`An address starts with http:// or https://${name}`, example)
  }
  if (url.username !== "" || url.password !== "") {
    return refuse("An address must not hold a user name or password.", "Leave out what stands before the @.")
  }
  if (url.search !== "") return refuse("An address must not hold a query.", "Leave out the ? and what follows.")
  return Either.right(`${url.protocol}//${url.host}${url.pathname.replace(/\/+$/, "")}` as ConnectionString)
}

/** Reads an absolute URL. Total: every string gives an address or an `Invalid` that does not quote it. */
export const parseUrl = (text: string): Either.Either<URL, Invalid> => {
  const trimmed = text.trim()
  if (trimmed.length > maxLength)
    return refuse(`This is too long for an address (over ${maxLength} characters).`, example)
  const url = toUrl(trimmed)
  return url === undefined ? refuse("This is not a URL.", example) : Either.right(url)
}

/**
 * Reads an address as a person types it: a full URL, or a bare host with or without a port (`100.64.0.7`,
 * `box:4000`), which means `http` and port 3773. Total: every string gives an address or an `Invalid`.
 */
export const parse = (text: string): Either.Either<ConnectionString, Invalid> => {
  const trimmed = text.trim()
  if (trimmed === "") return refuse("The address is empty.", example)
  if (/^(?=.{2,45}$)[0-9a-f]*:[0-9a-f]*:[0-9a-f:.]*$/i.test(trimmed)) {
    return refuse("An IPv6 address stands in brackets.", `Write [${trimmed}].`)
  }
  const bare = !/^[a-z][a-z0-9+.-]*:\/\//i.test(trimmed)
  return Either.flatMap(parseUrl(bare ? `http://${trimmed}` : trimmed), (url) => {
    if (url.hash !== "") return refuse("An address has no # part.", "To use a pairing link, paste it whole.")
    if (bare && url.port === "" && !/^[^/?#\\]*:0*80(?![^/?#\\])/.test(trimmed)) url.port = String(defaultPort)
    return fromUrl(url)
  })
}

/** On the wire a string; must be absolute. */
export const ConnectionString: Schema.Schema<ConnectionString, string> = Schema.transformOrFail(
  Schema.String,
  Schema.typeSchema(Schema.fromBrand(Brand.nominal<ConnectionString>())(Schema.String)),
  {
    strict: true,
    decode: (text, _, ast) =>
      Either.mapLeft(
        Either.flatMap(parseUrl(text), fromUrl),
        (error) => new ParseResult.Type(ast, "<address>", error.message)
      ),
    encode: (address) => ParseResult.succeed(address)
  }
).annotations({ identifier: "ConnectionString" })
