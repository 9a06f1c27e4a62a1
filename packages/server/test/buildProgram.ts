/** Makes one file of `program.ts`, once per run, so that tests can start it as a process of its own. */
import { build } from "tsup"

export default () =>
  build({
    banner: { js: "import { createRequire } from \"node:module\"; const require = createRequire(import.meta.url)" },
    clean: false,
    config: false,
    dts: false,
    entry: ["test/program.ts"],
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
