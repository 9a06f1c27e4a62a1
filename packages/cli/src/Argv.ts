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
import * as Either from "effect/Either"
import type { Spec, Term } from "./Spec.ts"

/** What argv asks for. */
export type Request =
  | { readonly _tag: "Help"; readonly path: ReadonlyArray<Spec> }
  | { readonly _tag: "Version" }
  | { readonly _tag: "Run"; readonly path: ReadonlyArray<Spec>; readonly args: ReadonlyArray<string> }

/** Flags of the program itself; they work with every command. */
export const builtIns: ReadonlyArray<Term> = [
  { about: "Show this help (or -h)", name: "--help", optional: true, value: "" },
  { about: "Show the version", name: "--version", optional: true, value: "" },
  { about: "Print a completion script: bash, zsh or fish", name: "--completions", optional: true, value: "shell" }
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
  readonly flags: ReadonlyArray<string>
  readonly words: ReadonlyArray<string>
}

const tokenize = (root: Spec, argv: ReadonlyArray<string>): Either.Either<Tokens, Invalid> => {
  const known = takesValue(root)
  const flags: Array<string> = []
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
    const [, name = token, value] = /^(--[^=]+)=([\s\S]*)$/.exec(token) ?? []
    if (known.get(name) !== true) {
      flags.push(token === "-h" ? "--help" : token)
      continue
    }
    const next = value ?? argv[++index]
    if (next === undefined || (value === undefined && next.startsWith("--"))) {
      return Either.left(new Invalid({ hint: `Write it as ${name}=VALUE.`, message: `${name} needs a value.` }))
    }
    flags.push(name, next)
  }
  return Either.right({ flags, words })
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

const resolve = (
  root: Spec,
  bare: string,
  { flags, words }: Tokens,
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
  if (flags.includes("--completions")) return Either.right({ _tag: "Run", args: flags, path })
  if (path.length === 1) {
    if (mistypedCommand(root, word, exists)) return Either.left(unknownCommand(path, word ?? ""))
    descend(bare)
  } else if ((path.at(-1)?.children.length ?? 0) > 0) {
    return word === undefined ? Either.right({ _tag: "Help", path }) : Either.left(unknownCommand(path, word))
  }
  const names = path.slice(1).map((spec) => spec.name)
  return Either.right({ _tag: "Run", args: [...names, ...flags, "--", ...rest], path })
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
