import { assert, describe, it } from "@effect/vitest"
import { Either, FastCheck as fc, Schema } from "effect"
import { anyText } from "../test/Arbitraries.ts"
import * as Label from "./Label.ts"

/** Pieces that a terminal or a page would act on, beside ordinary text. */
const hostile = fc.array(
  fc.oneof(
    anyText,
    fc.constantFrom(
      "\u001b[31m",
      "\u001b]0;title\u0007",
      "\u001b]8;;http://x\u001b\\",
      "\u009b2J",
      "\u202e",
      "\u2066",
      "\u200b"
    ),
    fc.constantFrom(
      "\u001b",
      "[",
      "]",
      "\\",
      "\u0007",
      " ",
      "\u00a0",
      "\u2028",
      "\r\n",
      "\ufeff",
      "\ud83d",
      "\0",
      "é",
      "日本",
      "📱"
    )
  ),
  { maxLength: 90 }
).map((pieces) => pieces.join(""))

describe("Label", () => {
  it.each([
    ["keeps ordinary text of any script", "Léa’s 日本 phone 📱", "Léa’s 日本 phone 📱"],
    ["drops a colour, parameters and all", "\u001b[1;31mred\u001b[0m", "red"],
    ["drops a window title", "\u001b]0;owned\u0007phone", "phone"],
    ["drops a hyperlink", "\u001b]8;;http://evil\u001b\\phone\u001b]8;;\u001b\\", "phone"],
    ["drops the one-byte form of an escape sequence", "\u009b2Jphone", "phone"],
    ["drops an unfinished sequence", "phone\u001b", "phone"],
    ["drops bidirectional overrides and isolates", "\u202egpj.exe\u2069", "gpj.exe"],
    ["drops zero-width characters", "pho\u200bne\ufeff", "phone"],
    ["drops NUL and other controls", "p\0h\u0007o\u007fne", "phone"],
    ["drops lone surrogates", "pho\ud800ne", "phone"],
    ["makes line breaks and tabs one space", "my\r\n\t phone", "my phone"],
    ["makes line separators a space", "my\u2028phone", "my phone"],
    ["leaves one space where a control stood between two", "my \0 phone", "my phone"],
    ["trims the ends", "\u00a0 phone \u2003", "phone"],
    ["may come out empty", "\u001b[31m \u202e", ""],
    ["counts code points, not units", "📱".repeat(70), "📱".repeat(64)]
  ])("%s", (_, text, label) => {
    assert.strictEqual(Label.clean(text), label)
  })

  it.prop("is clean once cleaned", [hostile], ([text]) => {
    const label = Label.clean(text)
    assert.strictEqual(Label.clean(label), label)
  })

  it.prop("holds nothing that a terminal or a page would act on", [hostile], ([text]) => {
    const label = Label.clean(text)
    assert.notMatch(label, /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u)
    assert.notMatch(label, /^\s|\s$|\s\s/)
    assert.isAtMost(Array.from(label).length, Label.maxLength)
  })

  it("is cleaned as it is decoded, and refused over 1,024 characters", () => {
    const decode = Schema.decodeUnknownEither(Label.Label)
    assert.deepStrictEqual(decode("\u001b[31mred"), Either.right("red"))
    assert.isTrue(Either.isLeft(decode("a".repeat(1025))))
  })
})
