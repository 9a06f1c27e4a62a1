/**
 * Names that people give to devices, links and environments: shown in terminals and pages, so kept harmless.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"

/** The most characters (code points) a label keeps. */
export const maxLength = 64

/**
 * A label without anything that a terminal or a page would act on: escape sequences, control and format characters
 * (bidirectional overrides, zero-width) and line breaks are dropped, runs of white space become one space, the ends
 * are trimmed, and what is left is cut to 64 code points. May be empty.
 */
export const clean = (text: string): string =>
  Array.from(
    text
      // CSI, OSC and two-character escape sequences, whole, so that their parameters do not stay behind as text.
      .replace(
        /\u001b(?:\[[0-?]*[ -/]*[@-~]|\][^\u0007\u001b]*(?:\u0007|\u001b\\)?|[ -/]*[0-~])|\u009b[0-?]*[ -/]*[@-~]/g,
        ""
      )
      .replace(/(?![\t\n\r])[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}]/gu, "")
      .replace(/[\t\n\r\p{Zs}\p{Zl}\p{Zp}]+/gu, " ")
  )
    .slice(0, maxLength)
    .join("")
    .trim()

/** A label as stored: cleaned on the way in, so that what is stored can be printed. At most 1,024 characters come in. */
export const Label: Schema.Schema<string, string> = Schema.transform(
  Schema.String.pipe(Schema.maxLength(1024, { message: () => "a label has at most 1024 characters" })),
  Schema.String,
  { strict: true, decode: clean, encode: (label) => label }
).annotations({ identifier: "Label" })
