/** What a shell offers for words that were typed. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { spawnSync } from "node:child_process"
import * as Completions from "./Completions.ts"
import { flags, type Spec } from "./Spec.ts"
import * as T3 from "./T3.ts"

const hasBash = spawnSync("bash", ["--version"]).status === 0

const leaves = (path: ReadonlyArray<Spec>, spec: Spec): ReadonlyArray<ReadonlyArray<Spec>> =>
  spec.children.length === 0
    ? [[...path, spec]]
    : spec.children.flatMap((child) => leaves([...path, spec], child))

/** The words that bash offers after these, as it calls the script. */
const offered = (script: string, words: ReadonlyArray<string>): ReadonlyArray<string> => {
  const call = `${script}
COMP_WORDS=("$@"); COMP_CWORD=$(($#-1)); _t3_bash_completions t3; printf '%s\\n' "\${COMPREPLY[@]}"`
  return spawnSync("bash", ["-c", call, "bash", ...words], { encoding: "utf8" }).stdout.trim().split("\n")
}

describe("completions", () => {
  it.effect.runIf(hasBash)(
    "offer in bash the flags of every command, and the commands of every group",
    () =>
      Effect.gen(function*() {
        const script = yield* Completions.render("bash")
        for (const path of leaves([], T3.root)) {
          const words = path.map(({ name }) => name)
          const own = path.slice(-1).flatMap(flags).map(({ name }) => `--${name}`)
          assert.includeMembers([...offered(script, [...words, "--"])], own, words.join(" "))
          assert.includeMembers([...offered(script, [...words.slice(0, -1), ""])], words.slice(-1))
        }
      })
  )
})
