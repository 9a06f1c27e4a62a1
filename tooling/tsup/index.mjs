/** How our libraries become JavaScript: ES modules, one file a module; declarations come from `tsc`. */
import { defineConfig } from "tsup"

export const library = defineConfig({
  entry: ["src/**/*.ts", "!src/**/*.test.ts"],
  format: "esm",
  target: "node20",
  platform: "neutral",
  splitting: true,
  sourcemap: true,
  clean: true,
  dts: false,
  external: [/^node:/],
  removeNodeProtocol: false,
  silent: true
})
