/** Keeps decode errors from quoting what was sent, for whatever may hold a secret. */
import type * as ParseResult from "effect/ParseResult"
import * as Schema from "effect/Schema"

/** Whether the value as a whole has the wrong type; a fault further in has a message of its own. */
const isWhole = (issue: ParseResult.ParseIssue): boolean =>
  issue._tag === "Type" ||
  ((issue._tag === "Transformation" || issue._tag === "Refinement") && isWhole(issue.issue))

/** The annotation for a struct: `what` is told where something else came in its place. */
export const quiet = (what: string) => ({
  message: (issue: ParseResult.ParseIssue) => ({ message: `${what} is an object`, override: isWhole(issue) })
})

/** The text of a secret. */
export const secretText = (what: string) => Schema.String.annotations({ message: () => `${what} is text` })
