import { describe, expect, it } from "vitest"
import * as Token from "./token.ts"

describe("the token field", () => {
  it("takes any case, spaces and dashes, and reads O, I and L as digits", () => {
    expect(Token.read(" k7qx 2m9p–HTRD ")).toEqual({ _tag: "Token", token: "K7QX2M9PHTRD" })
    expect(Token.read("oil0-2m9p-htrd")).toEqual({ _tag: "Token", token: "01102M9PHTRD" })
  })

  it("says how much is there, and which signs are no part of a token", () => {
    expect(Token.read("")).toEqual({ _tag: "Short", count: 0 })
    expect(Token.read("K7QX-2")).toEqual({ _tag: "Short", count: 5 })
    expect(Token.read("K7QX-2M9P-HTRD-9")).toEqual({ _tag: "Long", count: 13 })
    expect(Token.read("K7QU-2M9P-U!RD")).toEqual({ _tag: "Stray", stray: "U !" })
    expect(Token.read("http://100.64.0.7:3773/pair#t=K7QX2M9PHTRD")).toEqual({ _tag: "Link" })
  })

  it("groups in fours while one types, with the caret behind the same symbol", () => {
    expect(Token.retype("k7qx2", 5)).toEqual({ caret: 6, text: "K7QX-2" })
    expect(Token.retype("K7QX", 4)).toEqual({ caret: 4, text: "K7QX" })
    expect(Token.retype("K7Q9X-2M9P", 4)).toEqual({ caret: 4, text: "K7Q9-X2M9-P" })
    expect(Token.retype("", 0)).toEqual({ caret: 0, text: "" })
  })

  it("lets a dash be deleted away: the next deletion takes a symbol", () => {
    expect(Token.retype("K7QX2M9P", 4)).toEqual({ caret: 4, text: "K7QX-2M9P" })
  })

  it("leaves what it cannot read as it was typed", () => {
    expect(Token.retype("k7qu", 4)).toEqual({ caret: 4, text: "k7qu" })
  })
})

describe("the fragment of a link", () => {
  it("holds one token, beside a certificate pin or not", () => {
    expect(Token.fromFragment("#t=K7QX2M9PHTRD")).toEqual({ token: "K7QX2M9PHTRD" })
    expect(Token.fromFragment("#p=abc&t=k7qx-2m9p-htrd")).toEqual({ token: "K7QX2M9PHTRD" })
  })

  it("is damaged when the token is cut, doubled or empty", () => {
    expect(["#t=", "#t=K7QX2M9PHTR", "#t=K7QX2M9PHTRD&t=K7QX2M9PHTRE", "#t=K7QX2M9PHTR%21"].map(Token.fromFragment))
      .toEqual(["damaged", "damaged", "damaged", "damaged"])
  })

  it("is none of ours otherwise", () => {
    expect(["", "#", "#top", "#p=abc"].map(Token.fromFragment)).toEqual(["none", "none", "none", "none"])
  })
})
