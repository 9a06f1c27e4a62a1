/**
 * `npm test [-- SUITE…]`: installs, builds, runs the tests of every package that has the suite (`test` where none is named), and
 * ends with how many ran. A suite that ran no test has failed.
 */
import { clearReports, printSummary, suitesOf } from "./reports.mjs"
import { install, turbo } from "./workspace.mjs"

const named = process.argv.slice(2)
const [tasks, concurrency] = named.length === 0 ? [["test"], 2] : [named, 1]

await install()
const suites = suitesOf(tasks)
clearReports(suites)
const { code } = await turbo([
  "build",
  ...tasks,
  `--concurrency=${concurrency}`,
  "--continue=dependencies-successful"
])
process.exitCode = printSummary(suites, code === 0 ? [] : ["turbo run"]) ? 0 : 1
