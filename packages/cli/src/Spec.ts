/**
 * What a command is to `--help`, to the reader of argv and to the parser: plain data, which loads nothing.
 *
 * @since 0.1.0
 */
import type * as Effect from "effect/Effect"
import type * as Option from "effect/Option"

/** What a flag or an argument gives to the command. All values are text here; what they mean is read by the command. */
interface Values {
  readonly argument: string
  readonly optionalArgument: Option.Option<string>
  readonly repeatedArgument: ReadonlyArray<string>
  readonly toggle: boolean
  readonly value: Option.Option<string>
  readonly values: ReadonlyArray<string>
}

/** A flag or an argument. */
export interface Term<Kind extends keyof Values = keyof Values> {
  readonly kind: Kind
  /** `port` for `--port`, or `cwd`. */
  readonly name: string
  /** `number` in `--port <number>`; empty for what takes no value. */
  readonly value: string
  readonly about: string
}

/** The flags and arguments of a command, under the names that it knows them by. */
export type Params = Readonly<Record<string, Term>>

/** What a command is given. */
export type Parsed<P extends Params> = {
  readonly [Key in keyof P]: P[Key] extends Term<infer Kind> ? Values[Kind] : never
}

/** An example and what it does. */
export type Example = readonly [line: string, about: string]

/** One command, or a group of commands. */
export interface Spec {
  readonly name: string
  readonly summary: string
  readonly params: Params
  readonly examples: ReadonlyArray<Example>
  readonly children: ReadonlyArray<Spec>
}

/** A command that does something; what it does is loaded when it is run. */
export interface Leaf<P extends Params, E, R> extends Spec {
  readonly params: P
  readonly load: () => Promise<{ readonly run: (values: Parsed<P>) => Effect.Effect<void, E, R> }>
}

/** Describes a command. */
export const leaf = <const P extends Params, E, R>(options: Omit<Leaf<P, E, R>, "children">): Leaf<P, E, R> => ({
  ...options,
  children: []
})

/** A noun that only holds commands. */
export const group = (options: Omit<Spec, "params">): Spec => ({ ...options, params: {} })

/** A switch: `--<name>`. */
export const toggle = (name: string, about: string): Term<"toggle"> => ({ about, kind: "toggle", name, value: "" })

/** `--<name> <value>`, at most once. */
export const value = (name: string, value: string, about: string): Term<"value"> => ({
  about,
  kind: "value",
  name,
  value
})

/** `--<name> <value>`, as often as one likes. */
export const values = (name: string, value: string, about: string): Term<"values"> => ({
  about,
  kind: "values",
  name,
  value
})

/** An argument that must be there. */
export const argument = (name: string, about: string): Term<"argument"> => ({
  about,
  kind: "argument",
  name,
  value: ""
})

/** An argument that may be left out. */
export const optionalArgument = (name: string, about: string): Term<"optionalArgument"> => ({
  about,
  kind: "optionalArgument",
  name,
  value: ""
})

/** An argument that may be there as often as one likes, or not at all; the last of its command. */
export const repeatedArgument = (name: string, about: string): Term<"repeatedArgument"> => ({
  about,
  kind: "repeatedArgument",
  name,
  value: ""
})

/** Whether it is typed as `--<name>`. */
export const isFlag = ({ kind }: Term): boolean => kind === "toggle" || kind === "value" || kind === "values"

/** The flags of a command, in the order in which help shows them. */
export const flags = ({ params }: Spec): ReadonlyArray<Term> => Object.values(params).filter(isFlag)

/** The arguments of a command, in the order in which they are typed. */
export const args = ({ params }: Spec): ReadonlyArray<Term> => Object.values(params).filter((term) => !isFlag(term))

/** `t3 auth pairing`, for messages. */
export const title = (path: ReadonlyArray<Spec>): string => path.map((spec) => spec.name).join(" ")
