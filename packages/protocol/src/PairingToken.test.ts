import { assert, describe, it } from "@effect/vitest"
import { Either, FastCheck as fc, Redacted, Schema } from "effect"
import { anyText, token, tokenText } from "../test/Arbitraries.ts"
import * as Crockford from "./Crockford.ts"
import * as PairingToken from "./PairingToken.ts"

const good = "K7QX2M9PHTRD"

const read = (text: string) => Either.map(PairingToken.parse(text), Redacted.value)

describe("PairingToken", () => {
  it.each([
    ["as printed", "K7QX-2M9P-HTRD"],
    ["without dashes", good],
    ["in lower case", "k7qx-2m9p-htrd"],
    ["with spaces, tabs and a line break around and between", " K7QX 2M9P\tHTRD\n"],
    ["with the dashes that a phone's keyboard types", "K7QX–2M9P—HTRD"]
  ])("is read %s", (_, text) => {
    assert.deepStrictEqual(read(text), Either.right(good))
  })

  it("reads O as 0, and I and L as 1", () => {
    assert.deepStrictEqual(read("oO0iIlL12345"), Either.right("000111112345"))
  })

  it.each<[string, string, PairingToken.Refusal]>([
    ["nothing", "", "empty"],
    ["nothing but dashes and spaces", " - – - ", "empty"],
    ["one symbol too few", good.slice(1), "length"],
    ["one symbol too many", `${good}0`, "length"],
    ["two tokens", `${good} ${good}`, "length"],
    ["a megabyte", "A".repeat(1_000_000), "length"],
    ["a U", `U${good.slice(1)}`, "alphabet"],
    ["a quotation mark", `"${good}"`, "alphabet"],
    ["a NUL", `${good}\0`, "alphabet"],
    ["a lone surrogate", `${good.slice(1)}\ud800`, "alphabet"],
    ["letters that only become Latin when capitalized", "ßßßßßß", "alphabet"],
    ["a dotless i", `${good.slice(1)}ı`, "alphabet"],
    ["full-width letters", "Ｋ７ＱＸ２Ｍ９ＰＨＴＲＤ", "alphabet"],
    ["a link", "http://192.168.1.20:3773/pair#t=K7QX2M9PHTRD", "alphabet"]
  ])("refuses %s", (_, text, refusal) => {
    assert.deepStrictEqual(read(text), Either.left(refusal))
  })

  it("has the spelling for people that the server prints", () => {
    assert.strictEqual(PairingToken.unsafeFormat(Redacted.make(good)), "K7QX-2M9P-HTRD")
  })

  it.prop("comes back from its spelling for people", [token], ([token]) => {
    assert.deepStrictEqual(read(PairingToken.unsafeFormat(token)), Either.right(Redacted.value(token)))
  })

  it.prop("is read or refused, whatever the text", [anyText], ([text]) => {
    const result = read(text)
    if (Either.isRight(result)) {
      assert.isTrue(Crockford.isCanonical(result.right) && result.right.length === PairingToken.length)
    } else {
      assert.notStrictEqual(PairingToken.explain(result.left), "")
    }
  })

  it.prop(
    "is never shown, nor quoted by a decode error",
    [tokenText, fc.constantFrom("", "!", "0")],
    ([text, damage]) => {
      const shown = String(Schema.decodeUnknownEither(PairingToken.PairingToken)(text + damage))
      assert.notInclude(shown, text)
    }
  )
})
