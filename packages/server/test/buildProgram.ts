/** Makes one file each of `program.ts` and of the README's example, once per run, so that tests can start them as processes. */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs"
import { build } from "tsup"

const extractExample = () => {
  const [, code = ""] = /```js\n(.*?)```/s.exec(readFileSync("README.md", "utf8")) ?? []
  mkdirSync(".tmp", { recursive: true })
  writeFileSync(".tmp/example.mjs", code)
}

export default async () => {
  extractExample()
  await build({
    banner: { js: "import { createRequire } from \"node:module\"; const require = createRequire(import.meta.url)" },
    clean: false,
    config: false,
    dts: false,
    entry: { example: ".tmp/example.mjs", program: "test/program.ts" },
    esbuildOptions: (options) => {
      options.conditions = ["@t3/source"]
    },
    external: ["better-sqlite3"],
    format: "esm",
    noExternal: [/^(?!better-sqlite3)/],
    outDir: ".tmp",
    platform: "node",
    silent: true,
    target: "node20"
  })
}
