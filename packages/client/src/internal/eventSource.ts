/**
 * Reads `text/event-stream` as its standard says, in bounded memory. Names and ids of events are of no use here.
 *
 * Of the libraries, `@effect/experimental/Sse` takes a CR LF between two chunks for two line ends, and
 * `eventsource-parser` has come to need Node 22.
 *
 * @see https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation
 * @since 0.1.0
 */
import * as Either from "effect/Either"

/** The most characters of one line, and of the data of one event; no server of ours comes near it. */
export const maxLength = 256 * 1024

/** Takes the next bytes, cut anywhere, and gives the data of the events that they complete; left if one is too long. */
export type Feed = (bytes: Uint8Array) => Either.Either<ReadonlyArray<string>, "too long">

/** The value of a line of data, without the one space that may stand before it; `undefined` for any other line. */
const dataOf = (line: string): string | undefined =>
  line === "data" ? "" : line.startsWith("data:") ? line.slice("data:".length).replace(/^ /, "") : undefined

/** A reader of one stream from its beginning on. What the stream leaves unfinished is never given. */
export const make = (): Feed => {
  const decoder = new TextDecoder()
  let endedInReturn = false
  let line = ""
  let data: string | undefined

  const endLine = (events: Array<string>): void => {
    const value = dataOf(line)
    if (value !== undefined) data = data === undefined ? value : `${data}\n${value}`
    if (line === "" && data !== undefined) {
      events.push(data)
      data = undefined
    }
    line = ""
  }

  return (bytes) => {
    const decoded = decoder.decode(bytes, { stream: true })
    if (decoded === "") return Either.right([])
    const text = endedInReturn && decoded.startsWith("\n") ? decoded.slice(1) : decoded
    endedInReturn = text.endsWith("\r")
    const events: Array<string> = []
    for (const [index, piece] of text.split(/\r\n|[\r\n]/).entries()) {
      if (index > 0) endLine(events)
      line += piece
      if (line.length > maxLength || (data ?? "").length > maxLength) return Either.left("too long")
    }
    return Either.right(events)
  }
}
