/**
 * `t3 auth log`.
 *
 * @since 0.1.0
 */
import { Access } from "@t3/auth-core/Access"
import { Invalid } from "@t3/protocol/Errors"
import * as Label from "@t3/protocol/Label"
import { LogEntry, type LogRequest } from "@t3/protocol/LogEntry"
import { maxSize, type Page } from "@t3/protocol/Page"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import type { ReadLog } from "../access/LogStream.ts"
import { Output, printJson } from "../Output.ts"
import * as Ttl from "../Ttl.ts"
import * as Administer from "./Administer.ts"
import * as LogSentence from "./LogSentence.ts"

interface Values extends Administer.Where {
  readonly follow: boolean
  readonly since: Option.Option<string>
  readonly limit: Option.Option<string>
}

/** Entries that are shown where nothing says how many. */
const defaultLimit = 50

/** The furthest back that one may look: ten years. */
const maxSinceSeconds = 315_360_000

const toLimit = (text: string): Effect.Effect<number, Invalid> =>
  /^\d{1,6}$/.test(text.trim()) ? Effect.succeed(Number(text)) : new Invalid({
    hint: "Write a whole number, such as 200.",
    message: `--limit "${Label.clean(text)}" is no number of entries.`
  })

/** What the flags ask for: how many at most, and from when on. */
const toRange = (values: Values) =>
  Effect.gen(function*() {
    const seconds = yield* Effect.transposeMapOption(
      values.since,
      (text) => Ttl.parse("--since", text, maxSinceSeconds)
    )
    const limit = yield* Effect.transposeMapOption(values.limit, toLimit)
    const now = yield* DateTime.now
    return {
      limit: Option.getOrElse(limit, () => Option.isSome(seconds) ? Number.POSITIVE_INFINITY : defaultLimit),
      since: Option.map(seconds, (seconds) => DateTime.subtract(now, { seconds }))
    }
  })

type Range = Effect.Effect.Success<ReturnType<typeof toRange>>

/** The newest of them, oldest first. */
const newest = (readLog: ReadLog, { limit, since }: Range) =>
  Effect.gen(function*() {
    const items: Array<LogEntry> = []
    let cursor: Pick<LogRequest, "cursor"> | undefined = {}
    while (cursor !== undefined && items.length < limit) {
      const page: Page<LogEntry> = yield* readLog({
        ...cursor,
        ...Option.match(since, { onNone: () => ({}), onSome: (since) => ({ since }) }),
        limit: Math.min(maxSize, limit - items.length)
      })
      items.push(...page.items)
      cursor = page.next === undefined ? undefined : { cursor: Number(page.next) }
    }
    return items.toReversed()
  })

/** All of it at once: whoever reads page by page as slowly as they like must not keep the data directory meanwhile. */
const read = (range: Range) =>
  Effect.gen(function*() {
    const { readLog } = yield* Access
    // Before the others, so that none falls between these and what follows.
    const [latest] = (yield* readLog({ limit: 1 })).items
    const items = yield* newest(readLog, range)
    return { items, last: Math.max(latest?.seq ?? 0, items.at(-1)?.seq ?? 0) }
  })

const encode = Schema.encodeSync(LogEntry)

/** Oldest first, so that the newest stand where the eye is. */
export const run = (values: Values) =>
  Effect.gen(function*() {
    const output = yield* Output
    const range = yield* toRange(values)
    const { items, last } = yield* Effect.provide(read(range), Administer.layer(values))
    if (values.json && !values.follow) return yield* printJson({ items: items.map((entry) => encode(entry)) })
    const show = (entry: LogEntry) => values.json ? printJson(encode(entry)) : output.print(LogSentence.line(entry))
    yield* Effect.forEach(items, show, { discard: true })
    if (values.follow) {
      const LogFollow = yield* Effect.promise(() => import("./LogFollow.ts"))
      return yield* LogFollow.follow(values, last, show)
    }
    if (items.length > 0 || range.limit === 0) return
    yield* output.say(Option.isSome(range.since) ? "Nothing happened in that time." : "Nothing is in the log yet.")
  })
