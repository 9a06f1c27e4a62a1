/** One program: everything is bundled but better-sqlite3, which is native; a command loads only the chunks it needs. */
import { cpSync } from "node:fs"
import { defineConfig } from "tsup"

export default defineConfig({
  entry: { t3: "src/t3.ts" },
  format: "esm",
  target: "node20",
  platform: "node",
  splitting: true,
  minify: true,
  clean: true,
  dts: false,
  removeNodeProtocol: false,
  noExternal: [/^(?!better-sqlite3$)/],
  esbuildOptions: (options) => {
    options.conditions = ["@t3/source", "node", "import"]
    options.legalComments = "none"
  },
  // The server looks for the page beside its own code, which is here now.
  onSuccess: async () => cpSync("../web/dist", "dist/web", { recursive: true }),
  banner: {
    js:
      "import { createRequire as t3CreateRequire } from \"node:module\"; const require = t3CreateRequire(import.meta.url);"
  }
})
