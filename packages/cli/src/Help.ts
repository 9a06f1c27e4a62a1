/**
 * What `--help` prints: usage, flags, arguments, commands and examples, as the parser knows them.
 *
 * @since 0.1.0
 */
import { builtIns } from "./Argv.ts"
import { args, flags, type Spec, type Term, title } from "./Spec.ts"

const row = (term: Term): readonly [string, string] => [
  term.value === "" ? `--${term.name}` : `--${term.name} <${term.value}>`,
  term.about
]

/** The narrowest terminal that people commonly have. */
const columns = 80

const wrap = (text: string, width: number): ReadonlyArray<string> =>
  text.split(" ").reduce<ReadonlyArray<string>>((lines, word) => {
    const last = lines.at(-1)
    return last !== undefined && last.length + 1 + word.length <= width
      ? [...lines.slice(0, -1), `${last} ${word}`]
      : [...lines, word]
  }, [])

const section = (heading: string, rows: ReadonlyArray<readonly [string, string]>): ReadonlyArray<string> => {
  const indent = Math.max(...rows.map(([left]) => left.length)) + 4
  const lines = rows.flatMap(([left, right]) =>
    wrap(right, Math.max(20, columns - indent)).map((line, index) =>
      (index === 0 ? `  ${left}`.padEnd(indent) : " ".repeat(indent)) + line
    )
  )
  return rows.length === 0 ? [] : ["", heading, ...lines]
}

const placeholder = ({ kind, name }: Term): string =>
  kind === "argument" ? `<${name}>` : kind === "repeatedArgument" ? `[${name}...]` : `[${name}]`

const usage = (path: ReadonlyArray<Spec>, spec: Spec): ReadonlyArray<string> => {
  const words = args(spec).map((arg) => ` ${placeholder(arg)}`).join("")
  const own = flags(spec).length > 0
  return [
    ...(spec.children.length === 0 || own ? [`  ${title(path)}${words}${own ? " [flags]" : ""}`] : []),
    ...(spec.children.length === 0 ? [] : [`  ${title(path)} <command> [flags]`])
  ]
}

/** Commands below, down to those that do something, with their path. */
const leaves = (spec: Spec, prefix = ""): ReadonlyArray<readonly [string, string]> =>
  spec.children.flatMap((child) => {
    const name = `${prefix}${child.name}`
    return child.children.length === 0
      ? [[[name, ...args(child).map(placeholder)].join(" "), child.summary] as const]
      : leaves(child, `${name} `)
  })

/** The help of the last command of `path`, without a line break at the end. */
export const render = (path: ReadonlyArray<Spec>): string => {
  const [spec] = path.slice(-1)
  return spec === undefined ? "" : [
    `${title(path)}: ${spec.summary}`,
    "",
    "Usage",
    ...usage(path, spec),
    ...section("Arguments", args(spec).map((arg) => [arg.name, arg.about] as const)),
    ...section("Commands", leaves(spec)),
    ...section("Flags", [...flags(spec), ...builtIns].map(row)),
    ...section("Examples", spec.examples)
  ].join("\n")
}
