/** The log as a stream, over a log that is written meanwhile and events that have gaps. */
import { assert, describe, it } from "@effect/vitest"
import type { Refusal } from "@t3/protocol/Errors"
import { EventItem } from "@t3/protocol/Event"
import { LogEntry, type LogRequest } from "@t3/protocol/LogEntry"
import { Chunk, Effect, Schema, Stream } from "effect"
import * as LogStream from "./LogStream.ts"

const at = "2026-11-25T09:12:03.000Z"
const encoded = (seq: number) => ({ at, count: 1, event: "pairing.expired", seq }) as const
const entry = (seq: number) => Schema.decodeSync(LogEntry)(encoded(seq))

const decodeItem = Schema.decodeUnknownSync(EventItem)
const position = decodeItem({ _tag: "Position", reload: true, seq: 1, stream: "000000000000" })
const told = (seq: number) => decodeItem({ _tag: "Access", at, entry: encoded(seq), seq })
const stopping = decodeItem({ _tag: "Stopping", at, seq: 9 })

/** A log with these numbers, which gives at most `size` at once. */
const logOf = (numbers: Array<number>, size = 2) => {
  const asked: Array<number> = []
  const readLog = ({ after = 0, limit }: LogRequest) =>
    Effect.sync(() => {
      asked.push(after)
      const found = numbers.filter((seq) => seq > after)
      const items = found.slice(0, Math.min(size, limit)).map(entry)
      return { items, ...(found.length > items.length ? { next: String(items.at(-1)?.seq) } : {}) }
    })
  return { asked, readLog }
}

const seqs = (entries: Chunk.Chunk<LogEntry>) => Chunk.toReadonlyArray(entries).map(({ seq }) => seq)

/** What came before the stream failed, and with what. */
const followed = (stream: Stream.Stream<LogEntry, Refusal>) =>
  Effect.gen(function*() {
    const shown: Array<number> = []
    const failure = yield* Effect.flip(Stream.runForEach(stream, ({ seq }) => Effect.sync(() => shown.push(seq))))
    return { failure: failure._tag, shown }
  })

describe("LogStream", () => {
  it.effect("reads page by page, from where one was to the end", () =>
    Effect.gen(function*() {
      const { asked, readLog } = logOf([1, 2, 4, 7, 8, 9])
      assert.deepStrictEqual(seqs(yield* Stream.runCollect(LogStream.after(readLog, 1))), [2, 4, 7, 8, 9])
      assert.deepStrictEqual(asked, [1, 4, 8])
      assert.deepStrictEqual(seqs(yield* Stream.runCollect(LogStream.after(readLog, 9))), [])
    }))

  it.effect("shows what is on file, then what is told, and nothing twice", () =>
    Effect.gen(function*() {
      const { readLog } = logOf([1, 2, 3, 4])
      const events = Stream.make(position, told(3), told(4), stopping, told(5), told(5), told(7))
      assert.deepStrictEqual(yield* followed(LogStream.follow(readLog, events, 1)), {
        failure: "Unreachable",
        shown: [2, 3, 4, 5, 7]
      })
    }))

  it.effect("reads what it missed wherever the events have a gap", () =>
    Effect.gen(function*() {
      const numbers = [1]
      const { asked, readLog } = logOf(numbers)
      const second = told(2)
      const events = Stream.make(position, second, position, told(9)).pipe(
        Stream.rechunk(1),
        Stream.tap((item) => Effect.sync(() => item === second ? numbers.push(2, 3, 4, 5, 6) : 0))
      )
      assert.deepStrictEqual((yield* followed(LogStream.follow(readLog, events, 1))).shown, [2, 3, 4, 5, 6, 9])
      assert.deepStrictEqual(asked, [1, 2, 4])
    }))
})
