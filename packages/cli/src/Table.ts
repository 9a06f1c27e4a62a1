/**
 * Lists for people: aligned columns, nothing in a cell that a terminal would act on.
 *
 * @since 0.1.0
 */
import * as Label from "@t3/protocol/Label"
import * as DateTime from "effect/DateTime"

const segmenter = new Intl.Segmenter()

/** Columns that a text takes: East Asian wide characters and emoji take two. */
const width = (text: string): number =>
  Array.from(
    segmenter.segment(text),
    ({ segment }) =>
      /\p{Emoji_Presentation}|[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]/u
          .test(segment)
        ? 2
        : 1
  ).reduce((sum, columns) => sum + columns, 0)

/** The rows under their headings. Cells are cleaned here again, whoever cleaned them before. */
export const render = (headings: ReadonlyArray<string>, rows: ReadonlyArray<ReadonlyArray<string>>): string => {
  const cells = [headings, ...rows.map((row) => row.map((cell) => Label.clean(cell) || "-"))]
  const widths = headings.map((_, column) => Math.max(...cells.map((row) => width(row[column] ?? ""))))
  return cells
    .map((row) =>
      row.map((cell, column) => cell + " ".repeat((widths[column] ?? 0) - width(cell))).join("  ").trimEnd()
    )
    .join("\n")
}

const units = [[86_400_000, "d"], [3_600_000, "h"], [60_000, "min"]] as const

/** `3 min ago`, `now` or `in 30 d`: in one unit, and no sooner than it is. Exact times are in the JSON. */
export const relative = (at: DateTime.Utc, now: DateTime.Utc): string => {
  const millis = DateTime.distance(now, at)
  const [size, name] = units.find(([size]) => Math.abs(millis) >= size) ?? [60_000, "min"]
  const amount = millis > 0 ? Math.ceil(millis / size) : Math.floor(-millis / size)
  return amount === 0 ? "now" : millis > 0 ? `in ${amount} ${name}` : `${amount} ${name} ago`
}

/** `2026-01-31 12:05` in UTC, with a Z. */
export const time = (at: DateTime.Utc): string => `${DateTime.formatIso(at).slice(0, 16).replace("T", " ")}Z`
