/**
 * The program in two files, with everything in them but better-sqlite3, which is native: `t3.js` answers what needs no more
 * than the description of the commands, and `Main.js` is loaded for what is to be run. In that one a command evaluates
 * only the modules that it needs: as files of their own they took longer to be found and read than to be compiled.
 */
import { cpSync } from "node:fs"
import { defineConfig, type Options } from "tsup"

const program: Options = {
  format: "esm",
  target: "node20",
  platform: "node",
  splitting: false,
  minify: true,
  dts: false,
  removeNodeProtocol: false,
  noExternal: [/^(?!better-sqlite3$)/],
  esbuildOptions: (options) => {
    options.conditions = ["@t3/source", "node", "import"]
    options.legalComments = "none"
  },
  banner: {
    js:
      "import { createRequire as t3CreateRequire } from \"node:module\"; const require = t3CreateRequire(import.meta.url);"
  }
}

export default defineConfig([
  {
    ...program,
    entry: { t3: "src/t3.ts" },
    // The commands that the description names are run by the other file, which has them.
    esbuildPlugins: [{
      name: "commands-elsewhere",
      setup: ({ onResolve }) =>
        onResolve(
          { filter: /^\.\/.*\.ts$/ },
          ({ kind, path }) =>
            kind === "dynamic-import" ? { external: true, path: path.replace(/\.ts$/, ".js") } : undefined
        )
    }]
  },
  {
    ...program,
    entry: { Main: "../../packages/cli/src/Main.ts" },
    // The server looks for the page beside its own code, which is here now.
    onSuccess: async () => cpSync("../web/dist", "dist/web", { recursive: true })
  }
])
