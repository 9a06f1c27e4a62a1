import { assert, describe, it } from "@effect/vitest"
import { Either, FastCheck as fc, Redacted } from "effect"
import { addressText, anyText, pin, token, tokenText } from "../test/Arbitraries.ts"
import * as ConnectionString from "./ConnectionString.ts"
import * as PairingLink from "./PairingLink.ts"

const good = "K7QX2M9PHTRD"
const somePin = "A".repeat(43)

const refusalOf = (text: string) => Either.getOrThrow(Either.flip(PairingLink.parse(text)))

const link: fc.Arbitrary<PairingLink.PairingLink> = fc.record({ pin: fc.option(pin), text: addressText, token }).map(
  ({ pin, text, token }) => {
    const connectionString = Either.getOrThrow(ConnectionString.parse(text))
    return pin === null ? { connectionString, token } : { connectionString, pin, token }
  }
)

/** With the secret in the open, to be compared. */
const plain = ({ connectionString, pin, token }: PairingLink.PairingLink) => ({
  connectionString: String(connectionString),
  pin,
  token: Redacted.value(token)
})

describe("PairingLink", () => {
  it.each([
    [`http://192.168.1.20:3773/pair#t=${good}`, "http://192.168.1.20:3773"],
    [`  http://192.168.1.20:3773/pair#t=${good}\n`, "http://192.168.1.20:3773"],
    [`http://192.168.1.20:3773/pair/#t=k7qx-2m9p-htrd`, "http://192.168.1.20:3773"],
    [`http://[::1]:3773/pair#t=${good}`, "http://[::1]:3773"],
    [`https://box.example/t3/pair#t=${good}`, "https://box.example/t3"],
    [`https://box.example/a/pair/pair#t=${good}`, "https://box.example/a/pair"],
    [`http://pair/pair#t=${good}`, "http://pair"],
    [`http://box//pair#t=${good}`, "http://box"],
    [`http://box/pair?#t=${good}`, "http://box"],
    [`http://box/pair#t=${good}&utm=x`, "http://box"]
  ])("reads %s", (text, connectionString) => {
    assert.deepStrictEqual(plain(Either.getOrThrow(PairingLink.parse(text))), {
      connectionString,
      pin: undefined,
      token: good
    })
  })

  it("reads the pin of a self-signed server", () => {
    assert.deepStrictEqual(plain(Either.getOrThrow(PairingLink.parse(`https://box/pair#t=${good}&p=${somePin}`))), {
      connectionString: "https://box",
      pin: somePin,
      token: good
    })
  })

  it.each([
    ["nothing", "", /not a URL/],
    ["a token alone", good, /not a URL/],
    ["a path alone", `/pair#t=${good}`, /not a URL/],
    ["a host without a scheme", `box:3773/pair#t=${good}`, /starts with http/],
    ["another path", `http://box/#t=${good}`, /does not end in \/pair/],
    ["a host that is called pair", `http://pair#t=${good}`, /does not end in \/pair/],
    ["a path that only ends alike", `http://box/repair#t=${good}`, /does not end in \/pair/],
    ["no fragment", "http://box/pair", /no token/],
    ["a fragment without a token", "http://box/pair#p=1", /no token/],
    ["two tokens", `http://box/pair#t=${good}&t=${good}`, /more than one/],
    ["an empty token", "http://box/pair#t=", /damaged.*empty/],
    ["a token cut short", "http://box/pair#t=K7QX2M9P", /damaged.*12 characters/],
    ["a token too long", `http://box/pair#t=${good}0`, /damaged.*12 characters/],
    ["a token with a U", "http://box/pair#t=U7QX2M9PHTRD", /damaged.*without U/],
    ["a token with a NUL", `http://box/pair#t=%00${good}`, /damaged/],
    ["a token with a lone surrogate", `http://box/pair#t=\ud800${good}`, /damaged/],
    ["a token in the query", `http://box/pair?t=${good}`, /query/],
    ["a token in the query as well", `http://box/pair?t=${good}#t=${good}`, /query/],
    ["a malformed pin", `http://box/pair#t=${good}&p=abc`, /pin is malformed/],
    ["credentials", `http://me:pw@box/pair#t=${good}`, /user name/],
    ["javascript:", `javascript:alert(1)//pair#t=${good}`, /not javascript:/],
    ["javascript://", `javascript://box/pair#t=${good}`, /not javascript:/],
    ["data:", `data:text/html,/pair#t=${good}`, /not data:/],
    ["vbscript:", `vbscript:x/pair#t=${good}`, /not vbscript:/],
    ["blob:", `blob:http://box/pair#t=${good}`, /not blob:/],
    ["file:", `file:///pair#t=${good}`, /not file:/],
    ["a megabyte", `http://box/${"a/".repeat(500_000)}pair#t=${good}`, /too long/],
    ["a megabyte of slashes", `http://box/${"/".repeat(1_000_000)}x/pair#t=${good}`, /too long/]
  ])("refuses %s", (_, text, message) => {
    const refusal = refusalOf(text)
    assert.match(refusal.message, message)
    assert.notStrictEqual(refusal.hint, "")
    assert.notInclude(JSON.stringify(refusal), good)
  })

  it.prop("comes back from its text", [link], ([link]) => {
    const read = Either.getOrThrow(PairingLink.parse(PairingLink.unsafePrint(link)))
    assert.deepStrictEqual(plain(read), plain(link))
  })

  it.prop("has its secret in the fragment alone", [link], ([link]) => {
    const [sent] = PairingLink.unsafePrint(link).split("#")
    assert.strictEqual(sent, `${link.connectionString}/pair`)
  })

  it.prop("is read or refused, whatever the text", [anyText], ([text]) => {
    for (
      const whole of [text, `http://box/pair#${text}`, `http://box/pair#t=${text}`, `http://${text}/pair#t=${good}`]
    ) {
      const result = PairingLink.parse(whole)
      if (Either.isLeft(result)) assert.notStrictEqual(result.left.message, "")
      else assert.deepStrictEqual(
          plain(Either.getOrThrow(PairingLink.parse(PairingLink.unsafePrint(result.right)))),
          plain(result.right)
        )
    }
  })

  it.prop(
    "never quotes a token when it refuses",
    [
      tokenText,
      fc.constantFrom("", "http://h/#t=", "http://h/pair?t=", "http://h/pair#t=0"),
      fc.constantFrom("", ":", "://x", "&t=", "@h/pair")
    ],
    ([secret, before, after]) => {
      const result = PairingLink.parse(`${before}${secret}${after}`)
      if (Either.isLeft(result)) assert.notInclude(JSON.stringify(result.left).toUpperCase(), secret)
    }
  )
})
