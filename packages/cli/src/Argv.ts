/**
 * Reads argv: which command, which flags, which arguments, in whatever order they were typed. The parser then gets them
 * in the order that it wants: the command, its flags, and its arguments behind `--`. So `-` is an argument, `--host=` is
 * an empty host rather than an unknown flag, and no argument is taken for a command or for the value of a switch.
 *
 * @since 0.1.0
 */
import { args, flags, type Spec, type Term, title, toggle, value } from "./Spec.ts"

/** Shells that we can write a completion script for. */
const shells = ["bash", "zsh", "fish"] as const
export type Shell = typeof shells[number]

/** What is wrong with argv, and what to do. */
export interface Refused {
  readonly _tag: "Refused"
  readonly message: string
  readonly hint: string
}

/** What argv asks for. */
export type Request =
  | { readonly _tag: "Help"; readonly path: ReadonlyArray<Spec> }
  | { readonly _tag: "Version" }
  | { readonly _tag: "Completions"; readonly shell: Shell }
  | { readonly _tag: "Run"; readonly args: ReadonlyArray<string> }
  | Refused

/** Flags of the program itself; they work with every command. */
export const builtIns: ReadonlyArray<Term> = [
  toggle("help", "Show this help (or -h)"),
  toggle("version", "Show the version"),
  value("completions", "shell", `Print a completion script: ${shells.join(", ")}`)
]

const refused = (message: string, hint: string): Refused => ({ _tag: "Refused", hint, message })

/** What was typed, for a message: without what a terminal would act on. */
const quote = (text: string): string => `"${text.replaceAll(/[\p{Cc}\p{Cf}]/gu, "").slice(0, 100)}"`

interface Tokens {
  readonly _tag: "Tokens"
  /** Flags with their values; a switch has none. */
  readonly flags: ReadonlyArray<readonly [name: string, value?: string]>
  readonly words: ReadonlyArray<string>
}

/** The names of all flags that take a value, wherever they do. A flag of one name takes one everywhere or nowhere. */
const withValue = (spec: Spec): ReadonlyArray<string> => [
  ...[...flags(spec), ...builtIns].filter((flag) => flag.value !== "").map((flag) => flag.name),
  ...spec.children.flatMap(withValue)
]

const isFlag = (token: string): boolean => token.startsWith("-") && token !== "-"

const tokenize = (root: Spec, argv: ReadonlyArray<string>): Tokens | Refused => {
  const valued = new Set(withValue(root))
  const found: Array<readonly [string, string?]> = []
  const words: Array<string> = []
  for (let index = 0; index < argv.length; index++) {
    const token = argv[index] ?? ""
    if (token === "--") {
      words.push(...argv.slice(index + 1))
      break
    }
    if (!isFlag(token)) {
      words.push(token)
      continue
    }
    const [, name = token === "-h" ? "help" : token.replace(/^--/, ""), inline] = /^--([^=]+)=([^]*)$/.exec(token) ?? []
    if (!valued.has(name)) {
      if (inline !== undefined) return refused(`--${name} takes no value.`, `Write --${name} alone, or see --help.`)
      found.push([name])
      continue
    }
    const given = inline ?? argv[++index]
    if (given === undefined || given.startsWith("--")) {
      return refused(`--${name} needs a value, which does not begin with --.`, `Write --${name} VALUE.`)
    }
    // The parser drops an empty value, so `--host "$(…)"` would fall back to the default if the command printed nothing.
    if (given.trim() === "") return refused(`--${name} is empty.`, "Give it a value, or leave it out.")
    found.push([name, given])
  }
  return { _tag: "Tokens", flags: found, words }
}

/** Levenshtein's distance. */
const distance = (from: string, to: string): number => {
  let row = Array.from({ length: to.length + 1 }, (_, index) => index)
  for (const [i, letter] of Array.from(from).entries()) {
    const next = [i + 1]
    for (const [j, other] of Array.from(to).entries()) {
      next.push(Math.min((next[j] ?? 0) + 1, (row[j + 1] ?? 0) + 1, (row[j] ?? 0) + (letter === other ? 0 : 1)))
    }
    row = next
  }
  return row.at(-1) ?? 0
}

/** The nearest of `names` to a mistyped word, if one is near. */
const nearest = (word: string, names: ReadonlyArray<string>): string | undefined =>
  names
    .map((name) => [distance(word, name), name] as const)
    .filter(([edits, name]) => edits <= Math.min(2, name.length - 2))
    .toSorted(([left], [right]) => left - right)
    .map(([, name]) => name)[0]

const commandNames = (path: ReadonlyArray<Spec>): ReadonlyArray<string> =>
  path.at(-1)?.children.map((child) => child.name) ?? []

const unknownCommand = (path: ReadonlyArray<Spec>, word: string): Refused => {
  const near = nearest(word, commandNames(path))
  return refused(
    `${title(path)} has no command ${quote(word)}.`,
    near === undefined ? `Commands: ${commandNames(path).join(", ")}.` : `Did you mean \`${title(path)} ${near}\`?`
  )
}

/** A word that can be a command or a folder here, but no path to one elsewhere. */
const isBareWord = (word: string): boolean => !/[/\\]/.test(word) && !["-", ".", "..", "~"].includes(word)

const noFolder = (path: ReadonlyArray<Spec>, word: string): Refused => {
  const near = nearest(word, commandNames(path))
  return refused(
    `${title(path)} has no command ${quote(word)}, and there is no folder of that name.`,
    near === undefined ? `See \`${title(path)} --help\`.` : `Did you mean \`${title(path)} ${near}\`?`
  )
}

const unknownFlag = (path: ReadonlyArray<Spec>, known: ReadonlyArray<Term>, name: string): Refused => {
  const near = nearest(name, [...known, ...builtIns].map((flag) => flag.name))
  const typed = quote(isFlag(name) ? name : `--${name}`).slice(1, -1)
  return refused(
    `${title(path)} has no flag ${typed}.`,
    near === undefined ? `See \`${title(path)} --help\`.` : `Did you mean --${near}?`
  )
}

/** What is wrong with the flags and arguments of a command that does something. */
const check = (path: ReadonlyArray<Spec>, spec: Spec, tokens: Tokens, words: ReadonlyArray<string>) => {
  const [known, expected] = [flags(spec), args(spec)]
  const names = tokens.flags.map(([name]) => name)
  const unknown = names.find((name) => !known.some((flag) => flag.name === name))
  if (unknown !== undefined) return unknownFlag(path, known, unknown)
  const twice = known.find(({ kind, name }) => kind === "value" && names.indexOf(name) !== names.lastIndexOf(name))
  if (twice !== undefined) return refused(`--${twice.name} is there more than once.`, "Give it once.")
  const missing = expected.slice(words.length).find(({ kind }) => kind === "argument")
  if (missing !== undefined) return refused(`${title(path)} needs <${missing.name}>.`, `${missing.about}.`)
  const extra = expected.at(-1)?.kind === "repeatedArgument" ? undefined : words[expected.length]
  if (extra === undefined) return undefined
  const hint = `See \`${title(path)} --help\`. Text with spaces goes in quotes.`
  return refused(`${title(path)} has no use for ${quote(extra)}.`, hint)
}

const completions = (shell: string): Request => {
  const known = shells.find((name) => name === shell)
  return known === undefined
    ? refused(`--completions ${quote(shell)} is no shell that T3 knows.`, `Shells are ${shells.join(", ")}.`)
    : { _tag: "Completions", shell: known }
}

/** The command that the first words name, and the words that are left. */
const descend = (root: Spec, words: ReadonlyArray<string>): readonly [ReadonlyArray<Spec>, ReadonlyArray<string>] => {
  const child = root.children.find(({ name }) => name === words[0])
  if (child === undefined) return [[root], words]
  const [path, rest] = descend(child, words.slice(1))
  return [[root, ...path], rest]
}

/** How a command is called without its name, and whether a folder of some name is there. */
export interface Surroundings {
  readonly bare: string
  readonly exists: (path: string) => boolean
}

/** Reads argv, without the two words of Node. */
export const read = (root: Spec, argv: ReadonlyArray<string>, { bare, exists }: Surroundings): Request => {
  const tokens = tokenize(root, argv)
  if (tokens._tag === "Refused") return tokens
  const has = (name: string) => tokens.flags.some(([flag]) => flag === name)
  const asked = tokens.words[0] === "help" && !exists("help")
  const [named, words] = descend(root, asked ? tokens.words.slice(1) : tokens.words)
  if (asked && words[0] !== undefined && commandNames(named).length > 0) return unknownCommand(named, words[0])
  if (asked || has("help")) return { _tag: "Help", path: named }
  if (has("version")) return { _tag: "Version" }
  const shell = tokens.flags.find(([name]) => name === "completions")
  if (shell !== undefined) return completions(shell[1] ?? "")
  const [word] = words
  if (named.length === 1 && word !== undefined && isBareWord(word) && !exists(word)) return noFolder(named, word)
  const [path] = named.length === 1 ? descend(root, [bare]) : [named]
  const spec = path.at(-1) ?? root
  if (spec.children.length > 0) return word === undefined ? { _tag: "Help", path } : unknownCommand(path, word)
  const command = path.slice(1).map(({ name }) => name)
  const ordered = tokens.flags.flatMap(([name, given]) => given === undefined ? [`--${name}`] : [`--${name}`, given])
  return check(path, spec, tokens, words) ?? { _tag: "Run", args: [...command, ...ordered, "--", ...words] }
}
