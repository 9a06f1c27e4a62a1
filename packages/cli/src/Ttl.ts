/**
 * Durations as people type them: `90s`, `5m`, `1h30m`, `30d`, `"5 minutes"`.
 *
 * @since 0.1.0
 */
import { Invalid } from "@t3/protocol/Errors"
import * as Label from "@t3/protocol/Label"
import * as Either from "effect/Either"

const units: ReadonlyArray<readonly [pattern: RegExp, seconds: number]> = [
  [/^(?:s|secs?|seconds?)$/, 1],
  [/^(?:m|mins?|minutes?)$/, 60],
  [/^(?:h|hrs?|hours?)$/, 3600],
  [/^(?:d|days?)$/, 86_400],
  [/^(?:w|weeks?)$/, 604_800]
]

const secondsOf = (unit: string): number => units.find(([pattern]) => pattern.test(unit))?.[1] ?? Number.NaN

/** Whole seconds, or NaN. */
const toSeconds = (text: string): number => {
  const trimmed = text.trim().toLowerCase()
  if (!/^-?(?:\d+\s*[a-z]+\s*)+$/.test(trimmed)) return Number.NaN
  if (trimmed.startsWith("-")) return -toSeconds(trimmed.slice(1))
  return Array.from(trimmed.matchAll(/(\d+)\s*([a-z]+)/g))
    .reduce((sum, [, amount, unit = ""]) => sum + Number(amount) * secondsOf(unit), 0)
}

const longest = (seconds: number): string =>
  seconds % 86_400 === 0 && seconds > 86_400 ? `${seconds / 86_400} days` : `${seconds / 3600} hours`

/** Reads the value of a flag, such as `--ttl`: 1 second to `max` seconds. */
export const parse = (flag: string, text: string, max: number): Either.Either<number, Invalid> => {
  const seconds = toSeconds(text)
  const quoted = `${flag} "${Label.clean(text)}"`
  if (Number.isNaN(seconds)) {
    return Either.left(
      new Invalid({ hint: "Write it like 90s, 5m, 1h30m or 7d.", message: `${quoted} is no duration.` })
    )
  }
  if (seconds < 1 || seconds > max) {
    const problem = seconds < 1 ? "too short" : "too long"
    return Either.left(new Invalid({ hint: `1 second to ${longest(max)}.`, message: `${quoted} is ${problem}.` }))
  }
  return Either.right(seconds)
}

/** `5 min`, `1 h 30 min`, `30 d`: at most the two largest units. */
export const format = (seconds: number): string => {
  const parts = ([[86_400, "d"], [3600, "h"], [60, "min"], [1, "s"]] as const).flatMap(([size, name], index, all) => {
    const above = all[index - 1]?.[0] ?? Number.POSITIVE_INFINITY
    const amount = Math.floor((seconds % above) / size)
    return amount === 0 ? [] : [`${amount} ${name}`]
  })
  return parts.slice(0, 2).join(" ") || "0 s"
}
