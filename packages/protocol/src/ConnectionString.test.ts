import { assert, describe, it } from "@effect/vitest"
import { Either, FastCheck as fc, Schema } from "effect"
import { addressText, anyText, tokenText } from "../test/Arbitraries.ts"
import * as ConnectionString from "./ConnectionString.ts"

const read = (text: string): Either.Either<string, string> =>
  Either.mapLeft(ConnectionString.parse(text), (refusal) => refusal.message)

const decode = (input: unknown): Either.Either<string, unknown> =>
  Schema.decodeUnknownEither(ConnectionString.ConnectionString)(input)

describe("ConnectionString", () => {
  it.each([
    ["http://100.64.0.7:3773", "http://100.64.0.7:3773"],
    ["  http://100.64.0.7:3773/\n", "http://100.64.0.7:3773"],
    ["HTTP://Box.Example:3773", "http://box.example:3773"],
    ["https://box.example/t3/", "https://box.example/t3"],
    ["https://box.example/a/b//", "https://box.example/a/b"],
    ["http://box", "http://box"],
    ["https://box:443", "https://box"],
    ["http://[fd7a:115c::1]:3773", "http://[fd7a:115c::1]:3773"],
    ["http://[FD7A:115C:0:0:0:0:0:1]", "http://[fd7a:115c::1]"],
    ["100.64.0.7", "http://100.64.0.7:3773"],
    ["box", "http://box:3773"],
    ["box:4000", "http://box:4000"],
    ["box:80", "http://box"],
    ["box:080", "http://box"],
    ["box:80/t3", "http://box/t3"],
    ["box:8080", "http://box:8080"],
    ["box/a:80", "http://box:3773/a:80"],
    ["box/t3", "http://box:3773/t3"],
    ["[::1]", "http://[::1]:3773"],
    ["[::1]:80", "http://[::1]"],
    ["[::80]", "http://[::80]:3773"],
    ["127.1", "http://127.0.0.1:3773"]
  ])("reads %j", (text, address) => {
    assert.deepStrictEqual(read(text), Either.right(address))
  })

  it.each([
    ["nothing", "", /empty/],
    ["white space", " \t\n", /empty/],
    ["no URL", "http://", /not a URL/],
    ["no host", "http:///", /not a URL/],
    ["a port out of range", "http://box:65536", /not a URL/],
    ["a port that is no number", "box:port", /not a URL/],
    ["a space in the host", "my box", /not a URL/],
    ["a NUL in the host", "http://b\0x", /not a URL/],
    ["a lone surrogate in the host", "http://\ud800", /not a URL/],
    ["IPv6 without brackets", "::1", /brackets/],
    ["IPv6 without brackets, long", "fd7a:115c:a1e0::7", /brackets/],
    ["a bracket that is not closed", "http://[::1", /not a URL/],
    ["javascript:", "javascript:alert(1)", /not a URL/],
    ["javascript://", "javascript://box/%0aalert(1)", /not javascript:/],
    ["data:", "data:text/html,x", /not a URL/],
    ["file:", "file:///etc/passwd", /not file:/],
    ["ftp:", "ftp://box", /not ftp:/],
    ["ws:", "ws://box", /not ws:/],
    ["ssh, as git writes it", "me@box", /user name/],
    ["a user name", "http://me@box", /user name/],
    ["a password", "http://:secret@box", /user name/],
    ["a query", "http://box/?t=1", /query/],
    ["a pairing link", "http://box/pair#t=K7QX2M9PHTRD", /no # part/],
    ["a megabyte of it", `http://box/${"a".repeat(1_000_000)}`, /too long/],
    ["a megabyte of slashes", `http://box/${"/".repeat(1_000_000)}x`, /too long/]
  ])("refuses %s", (_, text, message) => {
    assert.match(String(Either.getOrThrow(Either.flip(read(text)))), message)
  })

  it("says what to write instead of a bare IPv6 address", () => {
    assert.strictEqual(Either.getOrThrow(Either.flip(ConnectionString.parse("fd7a::7"))).hint, "Write [fd7a::7].")
  })

  it("is absolute on the wire", () => {
    assert.isTrue(Either.isLeft(decode("box:4000/")))
    assert.isTrue(Either.isLeft(decode("javascript:alert(1)")))
    assert.deepStrictEqual(decode("http://box:4000/"), Either.right("http://box:4000"))
  })

  it.prop("reads what it has read to the same, absolute or as typed", [addressText], ([text]) => {
    const address = Either.getOrThrow(read(text))
    assert.deepStrictEqual(read(address), Either.right(address))
    assert.deepStrictEqual(decode(address), Either.right(address))
    assert.notMatch(address, /\/$/)
  })

  it.prop("reads or refuses any text", [anyText], ([text]) => {
    const result = read(text)
    if (Either.isRight(result)) assert.deepStrictEqual(decode(result.right), Either.right(result.right))
    else assert.notStrictEqual(result.left, "")
  })

  it.prop(
    "never quotes what may be a secret",
    [
      tokenText,
      fc.constantFrom("", "http://", "x "),
      fc.constantFrom("", ":", "://h", ":x", "@h", "?", "#", "/pair#t=")
    ],
    ([secret, before, after]) => {
      const refusal = ConnectionString.parse(`${before}${secret}${after}`)
      if (Either.isLeft(refusal)) assert.notInclude(JSON.stringify(refusal.left).toUpperCase(), secret)
      const absolute = ConnectionString.parseUrl(`${before}${secret}${after}`)
      const decoded = Either.flatMap(absolute, ConnectionString.fromUrl)
      if (Either.isLeft(decoded)) assert.notInclude(JSON.stringify(decoded.left).toUpperCase(), secret)
    }
  )
})
