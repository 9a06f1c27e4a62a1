/**
 * Puts argv in the order that the parser wants: the command first, then flags, then arguments behind `--`. So flags may
 * stand anywhere, `-` is an argument, `--host=` is an empty host rather than an unknown flag, and no argument is ever
 * taken for a command or for the value of a switch.
 *
 * @since 0.1.0
 */
import { levensteinDistance } from "@effect/cli/AutoCorrect"
import * as CliConfig from "@effect/cli/CliConfig"
import { Invalid } from "@t3/protocol/Errors"
import * as Label from "@t3/protocol/Label"
import * as Either from "effect/Either"
import type { Spec, Term } from "./Spec.ts"

/** What argv asks for. */
export type Request =
  | { readonly _tag: "Help"; readonly path: ReadonlyArray<Spec> }
  | { readonly _tag: "Version" }
  | { readonly _tag: "Completions"; readonly shell: Shell }
  | { readonly _tag: "Run"; readonly path: ReadonlyArray<Spec>; readonly args: ReadonlyArray<string> }

const builtIn = (name: string, value: string, about: string): Term => ({
  about,
  name,
  optional: true,
  repeatable: false,
  value
})

/** Flags of the program itself; they work with every command. */
export const builtIns: ReadonlyArray<Term> = [
  builtIn("--help", "", "Show this help (or -h)"),
  builtIn("--version", "", "Show the version"),
  builtIn("--completions", "shell", "Print a completion script: bash, zsh or fish")
]

const takesValue = (root: Spec): ReadonlyMap<string, boolean> => {
  const all = new Map<string, boolean>(builtIns.map((flag) => [flag.name, flag.value !== ""]))
  const visit = (spec: Spec): void => {
    for (const flag of spec.flags) all.set(flag.name, flag.value !== "")
    spec.children.forEach(visit)
  }
  visit(root)
  return all
}

interface Tokens {
  /** As the parser takes them: a value stands behind its flag. */
  readonly flags: ReadonlyArray<string>
  readonly names: ReadonlyArray<string>
  readonly words: ReadonlyArray<string>
}

const valueMissing = (name: string): Invalid =>
  new Invalid({ hint: `Write ${name} VALUE.`, message: `${name} needs a value, which does not begin with --.` })

const valueEmpty = (name: string): Invalid =>
  new Invalid({ hint: "Give it a value, or leave it out.", message: `${name} is empty.` })

const noValue = (name: string): Invalid =>
  new Invalid({ hint: `Write ${name} alone, or see --help.`, message: `${name} takes no value.` })

const tokenize = (root: Spec, argv: ReadonlyArray<string>): Either.Either<Tokens, Invalid> => {
  const known = takesValue(root)
  const flags: Array<string> = []
  const names: Array<string> = []
  const words: Array<string> = []
  for (let index = 0; index < argv.length; index++) {
    const token = argv[index] ?? ""
    if (token === "--") {
      words.push(...argv.slice(index + 1))
      break
    }
    if (!token.startsWith("-") || token === "-") {
      words.push(token)
      continue
    }
    const [, name = token === "-h" ? "--help" : token, value] = /^(--[^=]+)=([\s\S]*)$/.exec(token) ?? []
    names.push(name)
    if (known.get(name) !== true) {
      if (value !== undefined) return Either.left(noValue(name))
      flags.push(name)
      continue
    }
    const next = value ?? argv[++index]
    if (next === undefined || next.startsWith("--")) return Either.left(valueMissing(name))
    // The parser drops an empty value, so `--host "$(…)"` would fall back to the default if the command printed nothing.
    if (next.trim() === "") return Either.left(valueEmpty(name))
    flags.push(name, next)
  }
  return Either.right({ flags, names, words })
}

/** The nearest of `names` to a mistyped word, if one is near. */
export const nearest = (word: string, names: ReadonlyArray<string>): string | undefined =>
  names
    .map((name) => [levensteinDistance(word, name, CliConfig.defaultConfig), name] as const)
    .filter(([distance, name]) => distance <= Math.min(2, name.length - 2))
    .toSorted(([left], [right]) => left - right)
    .map(([, name]) => name)[0]

/** `t3 auth pairing`, for messages. */
export const title = (path: ReadonlyArray<Spec>): string => path.map((spec) => spec.name).join(" ")

const unknownCommand = (path: ReadonlyArray<Spec>, word: string): Invalid => {
  const names = path.at(-1)?.children.map((child) => child.name) ?? []
  const near = nearest(word, names)
  return new Invalid({
    hint: near === undefined ? `Commands: ${names.join(", ")}.` : `Did you mean \`${title(path)} ${near}\`?`,
    message: `${title(path)} has no command "${word}".`
  })
}

/** A bare word that is nearly a command and no folder was meant as a command. */
const mistypedCommand = (root: Spec, word: string | undefined, exists: (path: string) => boolean): boolean =>
  word !== undefined && /^[a-z]+$/i.test(word) && !exists(word) &&
  nearest(word, root.children.map((child) => child.name)) !== undefined

const unknownFlag = (path: ReadonlyArray<Spec>, name: string): Invalid => {
  const near = nearest(name, [...path.at(-1)?.flags ?? [], ...builtIns].map((flag) => flag.name))
  return new Invalid({
    hint: near === undefined ? `See \`${title(path)} --help\`.` : `Did you mean ${near}?`,
    message: `${title(path)} has no flag ${Label.clean(name)}.`
  })
}

/** What is wrong with the flags and arguments of a command that does something. */
const refuse = (path: ReadonlyArray<Spec>, names: ReadonlyArray<string>, words: ReadonlyArray<string>) => {
  const { args = [], flags = [] } = path.at(-1) ?? {}
  const unknown = names.find((name) => !flags.some((flag) => flag.name === name))
  if (unknown !== undefined) return unknownFlag(path, unknown)
  const twice = flags.find(({ name, repeatable, value }) =>
    value !== "" && !repeatable && names.indexOf(name) !== names.lastIndexOf(name)
  )
  if (twice !== undefined) {
    return new Invalid({ hint: "Give it once.", message: `${twice.name} is there more than once.` })
  }
  const missing = args.slice(words.length).find((arg) => !arg.optional)
  if (missing !== undefined) {
    return new Invalid({ hint: `${missing.about}.`, message: `${title(path)} needs <${missing.name}>.` })
  }
  const extra = words[args.length]
  return extra === undefined ? undefined : new Invalid({
    hint: `See \`${title(path)} --help\`. Text with spaces goes in quotes.`,
    message: `${title(path)} has no use for "${Label.clean(extra)}".`
  })
}

/** Shells that we can write a completion script for. */
const shells = ["bash", "zsh", "fish"] as const
type Shell = typeof shells[number]

const toShell = (text: string): Either.Either<Shell, Invalid> =>
  Either.fromNullable(
    shells.find((shell) => shell === text),
    () =>
      new Invalid({
        hint: `Shells are ${shells.join(", ")}.`,
        message: `--completions "${Label.clean(text)}" is no shell that T3 knows.`
      })
  )

const resolve = (
  root: Spec,
  bare: string,
  { flags, names, words }: Tokens,
  exists: (path: string) => boolean
): Either.Either<Request, Invalid> => {
  const path = [root]
  const rest = [...words]
  const descend = (name: string | undefined): boolean => {
    const child = path.at(-1)?.children.find((candidate) => candidate.name === name)
    if (child !== undefined) path.push(child)
    return child !== undefined
  }
  while (descend(rest[0])) rest.shift()
  const [word] = rest
  if (flags.includes("--help")) return Either.right({ _tag: "Help", path })
  if (flags.includes("--version")) return Either.right({ _tag: "Version" })
  const completions = flags.indexOf("--completions")
  if (completions >= 0)
    return Either.map(toShell(flags[completions + 1] ?? ""), (shell) => ({ _tag: "Completions", shell }))
  if (path.length === 1) {
    if (mistypedCommand(root, word, exists)) return Either.left(unknownCommand(path, word ?? ""))
    descend(bare)
  } else if ((path.at(-1)?.children.length ?? 0) > 0) {
    return word === undefined ? Either.right({ _tag: "Help", path }) : Either.left(unknownCommand(path, word))
  }
  const refusal = refuse(path, names, rest)
  if (refusal !== undefined) return Either.left(refusal)
  const command = path.slice(1).map((spec) => spec.name)
  return Either.right({ _tag: "Run", args: [...command, ...flags, "--", ...rest], path })
}

/**
 * Reads argv (without the two words of Node). `bare` names the command that a call without one means; `exists` tells
 * whether a folder of that name is there.
 */
export const read = (
  root: Spec,
  bare: string,
  argv: ReadonlyArray<string>,
  exists: (path: string) => boolean
): Either.Either<Request, Invalid> =>
  Either.flatMap(tokenize(root, argv), (tokens) => resolve(root, bare, tokens, exists))
