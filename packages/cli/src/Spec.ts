/**
 * What a command is to the parser, to `--help` and to the reader of argv: one description for the three.
 *
 * @since 0.1.0
 */
import * as Args from "@effect/cli/Args"
import * as Command from "@effect/cli/Command"
import type * as HelpDoc from "@effect/cli/HelpDoc"
import type * as Span from "@effect/cli/HelpDoc/Span"
import * as Options from "@effect/cli/Options"
import type * as Effect from "effect/Effect"
import type * as Types from "effect/Types"

/** A flag or an argument as help shows it. */
export interface Term {
  /** `--port`, or `cwd`. */
  readonly name: string
  /** `port` in `--port port`; empty for a flag that takes no value. */
  readonly value: string
  readonly about: string
  readonly optional: boolean
  readonly repeatable: boolean
}

/** An example and what it does. */
export type Example = readonly [line: string, about: string]

/** One command, or a group of commands. */
export interface Spec {
  readonly name: string
  readonly summary: string
  readonly flags: ReadonlyArray<Term>
  readonly args: ReadonlyArray<Term>
  readonly examples: ReadonlyArray<Example>
  readonly children: ReadonlyArray<Spec>
}

const spanText = (span: Span.Span): string => {
  switch (span._tag) {
    case "Text":
    case "URI":
      return span.value
    case "Sequence":
      return spanText(span.left) + spanText(span.right)
    case "Highlight":
    case "Strong":
    case "Weak":
      return spanText(span.value)
  }
}

const paragraphs = (doc: HelpDoc.HelpDoc): ReadonlyArray<string> => {
  switch (doc._tag) {
    case "Paragraph":
      return [spanText(doc.value)]
    case "Sequence":
      return [...paragraphs(doc.left), ...paragraphs(doc.right)]
    default:
      return []
  }
}

/** What the parser says of a flag or an argument: its heading, and our description (the parser's own comes first). */
const terms = (doc: HelpDoc.HelpDoc): ReadonlyArray<Term> =>
  doc._tag !== "DescriptionList" ? [] : doc.definitions.map(([span, block]) => {
    const [heading = "", dots] = spanText(span).split("...")
    const [name = "", ...value] = heading.trim().split(" ")
    const [, about = "", ...rest] = paragraphs(block)
    return {
      about,
      name: name.replace(/[<>]/g, ""),
      optional: rest.length > 0,
      repeatable: dots !== undefined,
      value: value.join(" ")
    }
  })

/** A command that does something. */
export const leaf = <Name extends string, const Config extends Command.Command.Config, E, R>(options: {
  readonly name: Name
  readonly summary: string
  readonly config: Config
  readonly examples: ReadonlyArray<Example>
  readonly run: (values: Types.Simplify<Command.Command.ParseConfig<Config>>) => Effect.Effect<void, E, R>
}) => {
  const parts = Object.values(options.config)
  const spec: Spec = {
    args: parts.filter(Args.isArgs).flatMap((arg) => terms(Args.getHelp(arg))),
    children: [],
    examples: options.examples,
    flags: parts.filter(Options.isOptions).flatMap((option) => terms(Options.getHelp(option))),
    name: options.name,
    summary: options.summary
  }
  const command = Command.make(options.name, options.config, options.run).pipe(
    Command.withDescription(options.summary)
  )
  return { command, spec }
}

/** A noun that only holds commands. */
export const group = (
  name: string,
  summary: string,
  children: ReadonlyArray<{ readonly spec: Spec }>,
  examples: ReadonlyArray<Example>
): Spec => ({ args: [], children: children.map((child) => child.spec), examples, flags: [], name, summary })
