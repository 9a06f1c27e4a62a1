/** Help against the parser's own knowledge, which its completion script tells. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import * as Completions from "./Completions.ts"
import * as Help from "./Help.ts"
import { args, flags, type Spec } from "./Spec.ts"
import * as T3 from "./T3.ts"

const paths = (path: readonly [Spec, ...Array<Spec>]): ReadonlyArray<ReadonlyArray<Spec>> => [
  path,
  ...(path.at(-1)?.children ?? []).flatMap((child) => paths([...path, child]))
]

const everyPath = paths([T3.root])

const everyFlag = everyPath.flatMap((path) => path.slice(-1).flatMap(flags))

const section = (help: string, heading: string) =>
  help.split("\n\n").find((part) => part.startsWith(`${heading}\n`)) ?? ""

/** The flags that the parser knows for each command, by the function names of its bash script. */
const parsed = Effect.map(Completions.render("bash"), (script) =>
  new Map(
    Array.from(
      script.matchAll(/^\s*(\S+)\)\n\s*opts="([^"]*)"/gm),
      ([, name = "", words = ""]) => [name, words.split(" ").filter((word) => word.startsWith("--"))] as const
    )
  ))

describe("Help", () => {
  it.effect("names at every level every flag that the parser knows, and no other", () =>
    Effect.gen(function*() {
      const known = yield* parsed
      assert.strictEqual(known.size, everyPath.length)
      for (const path of everyPath) {
        const name = path.map((spec) => spec.name.replaceAll("-", "__")).join("__")
        const shown = Array.from(section(Help.render(path), "Flags").matchAll(/^ {2}(--[a-z-]+)/gm), ([, flag]) => flag)
        assert.sameMembers(shown, known.get(name) ?? [], name)
      }
    }))

  it.effect("offers no flag of the parser that t3 does not have", () =>
    Effect.gen(function*() {
      for (const shell of ["bash", "zsh", "fish"] as const) {
        const script = yield* Completions.render(shell)
        assert.include(script, "base-dir")
        assert.notMatch(script, /wizard|log-level/)
      }
    }))

  it("says the same of the flags of t3, t3 start and t3 serve", () => {
    const [root, start, serve] = ["t3", "start", "serve"].map((name) => {
      const path = everyPath.find((candidate) => candidate.at(-1)?.name === name) ?? []
      return section(Help.render(path), "Flags") + section(Help.render(path), "Arguments")
    })
    assert.include(root, "--advertise-host")
    assert.strictEqual(start, root)
    assert.strictEqual(serve, root)
  })

  it("shows which arguments may be left out, and which repeated", () => {
    const usage = (...names: ReadonlyArray<string>) => {
      const path = everyPath.find((candidate) =>
        candidate.slice(1).map(({ name }) => name).join(" ") === names.join(" ")
      )
      return section(Help.render(path ?? []), "Usage")
    }
    assert.include(usage("auth", "session", "revoke"), "t3 auth session revoke [id...] [flags]")
    assert.include(usage("connect"), "t3 connect [target] [flags]")
    assert.include(usage("env", "status"), "t3 env status <name> [flags]")
  })

  it("gives every command a summary and an example, and every flag a text", () => {
    for (const path of everyPath) {
      const spec = path.at(-1)
      assert.isNotEmpty(spec?.summary)
      if (spec?.children.length === 0) assert.isNotEmpty(spec.examples, spec.name)
      for (const term of spec === undefined ? [] : [...flags(spec), ...args(spec)])
        assert.isNotEmpty(term.about, term.name)
    }
  })

  it("fits 80 columns, but for examples, and has no colour codes", () => {
    for (const path of everyPath) {
      const help = Help.render(path)
      assert.notInclude(help, "\u001b")
      for (const line of help.split("\nExamples\n")[0]?.split("\n") ?? []) assert.isAtMost(line.length, 80, line)
    }
  })

  it("says of each flag the same thing in every command that has it, but for --ttl, --label, --all and --json", () => {
    const seen = new Map<string, string>()
    for (const flag of everyFlag) {
      if (["ttl", "label", "all", "json"].includes(flag.name)) continue
      assert.strictEqual(flag.about, seen.get(flag.name) ?? flag.about)
      seen.set(flag.name, flag.about)
    }
  })

  it("gives a flag of one name a value everywhere or nowhere, which reading argv relies on", () => {
    const kinds = new Map<string, boolean>()
    for (const flag of everyFlag) {
      assert.strictEqual(flag.value !== "", kinds.get(flag.name) ?? flag.value !== "", flag.name)
      kinds.set(flag.name, flag.value !== "")
    }
  })
})
