/**
 * The access log as it goes on, from what HTTP gives: its pages, and a stream of events that may have gaps.
 *
 * @since 0.1.0
 */
import { type Refusal, Unreachable } from "@t3/protocol/Errors"
import type { EventItem } from "@t3/protocol/Event"
import type { LogEntry, LogRequest } from "@t3/protocol/LogEntry"
import { maxSize, type Page } from "@t3/protocol/Page"
import * as Chunk from "effect/Chunk"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Ref from "effect/Ref"
import * as Stream from "effect/Stream"

/** Reads one page of the log. */
export type ReadLog = (request: LogRequest) => Effect.Effect<Page<LogEntry>, Refusal>

/** Every entry that is there after that number, oldest first, page by page. */
export const after = (readLog: ReadLog, seq: number): Stream.Stream<LogEntry, Refusal> =>
  Stream.paginateChunkEffect(seq, (from) =>
    Effect.map(readLog({ after: from, limit: maxSize }), ({ items, next }) => {
      const last = items.at(-1)
      return [
        Chunk.fromIterable(items),
        next === undefined || last === undefined ? Option.none() : Option.some(last.seq)
      ]
    }))

/**
 * Every entry after that number, and then each as it is told. Wherever events may be missing the log is read from where
 * we were, and what comes twice is dropped.
 */
export const follow = (
  readLog: ReadLog,
  events: Stream.Stream<EventItem, Refusal>,
  seq: number
): Stream.Stream<LogEntry, Refusal> =>
  Stream.unwrap(Effect.map(Ref.make(seq), (last) =>
    events.pipe(
      Stream.flatMap((item) => {
        if (item._tag === "Access") return Stream.make(item.entry)
        return item._tag === "Position"
          ? Stream.unwrap(Effect.map(Ref.get(last), (from) => after(readLog, from)))
          : Stream.empty
      }),
      Stream.filterEffect((entry) =>
        Ref.modify(last, (known) => entry.seq > known ? [true, entry.seq] : [false, known])
      ),
      Stream.concat(Stream.fail(new Unreachable({ message: "The server ended the connection." })))
    )))
