/** `npm run lint [-- CHECK…]`: every static check, each of which can fail alone. What a check said is shown only when it failed. */
import { checks, clearReports, printSummary, writeReport } from "./reports.mjs"
import { install, run, turbo } from "./workspace.mjs"

/** @typedef {() => Promise<{ code: number, output: string }>} Check */

/** @type {(command: string, ...args: Array<string>) => Check} */
const tool = (command, ...args) => () => run(command, args, { quiet: true, shell: process.platform === "win32" })

await install()
// Not before: it imports a dependency.
const { bundleForBrowser, checkLockfile, checkPackages, checkTexts } = await import("./checks.mjs")

/** @type {(check: Check) => Check} */
const built = (check) => async () => {
  const result = await turbo(["build"], { quiet: true })
  return result.code === 0 ? check() : result
}

/** @type {Record<string, Check>} */
const all = {
  types: () => turbo(["check", "--concurrency=2", "--continue=dependencies-successful"], { quiet: true }),
  // Its rules about imports read what is built.
  lint: built(tool("oxlint")),
  format: tool("dprint", "check", "--list-different"),
  unused: tool("knip"),
  imports: tool("depcruise", "packages", "apps"),
  packages: built(checkPackages),
  browser: built(bundleForBrowser),
  lockfile: checkLockfile,
  texts: checkTexts
}

const named = process.argv.slice(2)
const unknown = named.filter((name) => !(name in all))
if (unknown.length > 0) {
  console.error(`No check is named ${unknown.join(", ")}. There are: ${Object.keys(all).join(", ")}.`)
  process.exit(2)
}

clearReports([checks])
const counts = { passed: 0, failed: 0, skipped: 0 }
for (const [name, check] of Object.entries(all)) {
  if (named.length > 0 && !named.includes(name)) {
    continue
  }
  const started = performance.now()
  const { code, output } = await check().catch((/** @type {unknown} */ error) => ({ code: 1, output: String(error) }))
  counts[code === 0 ? "passed" : "failed"] += 1
  const seconds = ((performance.now() - started) / 1000).toFixed(1)
  console.log(`${code === 0 ? "ok    " : "FAILED"} ${name.padEnd(10)} ${seconds} s${code === 0 ? "" : `\n${output}`}`)
}
writeReport(checks, counts)
process.exitCode = printSummary([checks], []) ? 0 : 1
