import { assert, describe, it } from "@effect/vitest"
import { Either } from "effect"
import { make, maxLength } from "./eventSource.ts"

const encode = (text: string) => new TextEncoder().encode(text)

/** What a reader gives for a text that comes in pieces of that many bytes. */
const inPieces = (text: string, size: number): ReadonlyArray<string> => {
  const feed = make()
  const bytes = encode(text)
  const events: Array<string> = []
  for (let at = 0; at < bytes.length; at += size) {
    events.push(...Either.getOrThrow(feed(bytes.slice(at, at + size))), ...Either.getOrThrow(feed(Uint8Array.of())))
  }
  return events
}

const examples: ReadonlyArray<readonly [string, string, ReadonlyArray<string>]> = [
  ["line feeds", "data: a\n\ndata: b\n\n", ["a", "b"]],
  ["carriage returns", "data: a\r\rdata: b\r\r", ["a", "b"]],
  ["both together", "data: a\r\n\r\ndata: b\r\n\r\n", ["a", "b"]],
  ["all of them mixed", "data: a\r\ndata: b\r\n\r\ndata: c\n\rdata: d\r\r", ["a\nb", "c", "d"]],
  ["data of several lines", "data: a\ndata:b\ndata:  c\ndata\n\n", ["a\nb\n c\n"]],
  ["comments", ": nothing\n\n:data: no\ndata: a\n: hush\ndata: b\n\n", ["a\nb"]],
  ["fields of no use here", "event: x\nid: s:1\nretry: 10\ndatas: no\n data: no\nfoo\ndata: a\n\nid: s:2\n\n", ["a"]],
  ["a byte order mark", "\ufeffdata: a\n\ndata: \ufeff\n\n", ["a", "\ufeff"]],
  ["empty data", "data\n\ndata:\n\n", ["", ""]],
  ["characters of two, three and four bytes", "data: é€🗝\n\ndata: ü\n\n", ["é€🗝", "ü"]],
  ["an event that is not complete", "data: a\n\ndata: b\n", ["a"]]
]

describe("the reader of text/event-stream", () => {
  for (const [name, text, events] of examples) {
    it(`reads ${name}, wherever the bytes are cut`, () => {
      for (let size = 1; size <= text.length * 4; size++) assert.deepStrictEqual(inPieces(text, size), events)
    })
  }

  it("replaces what is not UTF-8", () => {
    const feed = make()
    assert.deepStrictEqual(Either.getOrThrow(feed(Uint8Array.of(...encode("data: "), 0xc3, 0x28, 10, 10))), ["\ufffd("])
  })

  it("gives up on a line, a comment or an event that is too long, complete or not", () => {
    const long = "x".repeat(maxLength)
    for (const text of [`data: ${long}`, `:${long}\n`, `${`data: ${long.slice(0, 99_999)}\n`.repeat(3)}\n`]) {
      for (const size of [text.length, 16_384]) {
        const feed = make()
        const bytes = encode(text)
        const results: Array<boolean> = []
        for (let at = 0; at < bytes.length; at += size) results.push(Either.isLeft(feed(bytes.slice(at, at + size))))
        assert.isTrue(results.includes(true))
      }
    }
    assert.deepStrictEqual(inPieces(`data: ${long.slice(0, -6)}\n\n`, 16_384), [long.slice(0, -6)])
  })

  it("takes the longest line byte by byte", () => {
    assert.strictEqual(inPieces(`data: ${"x".repeat(maxLength - 6)}\n\n`, 1)[0]?.length, maxLength - 6)
  })
})
