/**
 * `npm test [-- SUITE…]`: installs, builds, runs the tests of every package that has the suite (`test` where none is named), and
 * ends with how many ran. A suite that ran no test has failed.
 */
import { clearReports, printSummary, suitesOf } from "./reports.mjs"
import { install, turbo } from "./workspace.mjs"

const named = process.argv.slice(2)
const tasks = named.length === 0 ? ["test"] : named

await install()
const suites = suitesOf(tasks)
clearReports(suites)
const { code } = await turbo(["build", ...tasks, "--concurrency=2", "--continue=dependencies-successful"])
const complete = printSummary(suites)
process.exitCode = code === 0 && complete ? 0 : 1
