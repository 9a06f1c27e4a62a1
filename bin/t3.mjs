#!/usr/bin/env node
/** `npx t3 …` in a clone runs the program built here, and never a stranger's package of that name. */
import { existsSync } from "node:fs"

const program = new URL("../apps/cli/dist/t3.js", import.meta.url)
if (existsSync(program)) {
  await import(program.href)
} else {
  process.stderr.write("t3: not built yet; run \"npm start\" first\n")
  process.exitCode = 1
}
