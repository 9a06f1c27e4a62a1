/** Counts what the suites really ran, from the reports that they left (`.reports/<task>.json`, an output of the turbo task). */
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { manifest, packageFolders, root } from "./workspace.mjs"

/** @typedef {{ name: string, report: string }} Suite */
/** @typedef {{ passed: number, failed: number, skipped: number }} Counts */

/** The report of one task of one package. @param {string} folder @param {string} task */
const reportPath = (folder, task) => join(root, folder, ".reports", `${task.replace(":", "-")}.json`)

/**
 * The suites behind the tasks. A task that no package has is a suite too: it will be found to have run nothing.
 *
 * @param {ReadonlyArray<string>} tasks
 * @returns {Array<Suite>}
 */
export const suitesOf = (tasks) =>
  tasks.flatMap((task) => {
    const owners = packageFolders().filter((folder) => manifest(folder).scripts?.[task] !== undefined)
    const suites = owners.map((folder) => ({
      name: task === "test" ? manifest(folder).name : `${manifest(folder).name} ${task}`,
      report: reportPath(folder, task)
    }))
    return suites.length > 0 ? suites : [{ name: `no package has "${task}"`, report: reportPath(".", task) }]
  })

/** The suite that `npm run lint` counts as: one test a check. @type {Suite} */
export const checks = { name: "static checks", report: reportPath(".", "checks") }

/** Forgets earlier runs; turbo brings back the report of a suite whose run it has in its cache. @param {Array<Suite>} suites */
export const clearReports = (suites) => {
  for (const { report } of suites) {
    rmSync(report, { force: true })
  }
}

/** Writes a report in the shape of vitest's. @param {Suite} suite @param {Counts} counts */
export const writeReport = (suite, { failed, passed, skipped }) => {
  mkdirSync(dirname(suite.report), { recursive: true })
  const report = { success: failed === 0, numPassedTests: passed, numFailedTests: failed, numPendingTests: skipped }
  writeFileSync(suite.report, JSON.stringify(report))
}

/** A suite that left no report, ran nothing, or could not load a file has failed. @param {Suite} suite */
const count = ({ report }) => {
  if (!existsSync(report)) {
    return { ran: 0, passed: 0, failed: 1, skipped: 0 }
  }
  const counts = JSON.parse(readFileSync(report, "utf8"))
  const passed = counts.numPassedTests
  const failed = counts.numFailedTests
  return {
    ran: passed + failed,
    passed,
    failed: counts.success && passed > 0 ? failed : Math.max(1, failed),
    skipped: counts.numPendingTests + (counts.numTodoTests ?? 0)
  }
}

/**
 * Prints every suite and, alone on the last line, the sum; says whether all is well. A step that failed although every test passed
 * counts as one failure.
 *
 * @param {ReadonlyArray<Suite>} suites
 * @param {ReadonlyArray<string>} brokenSteps
 */
export const printSummary = (suites, brokenSteps) => {
  const total = { passed: 0, failed: 0, skipped: 0 }
  console.log("")
  for (const suite of suites) {
    const { failed, passed, ran, skipped } = count(suite)
    total.passed += passed
    total.failed += failed
    total.skipped += skipped
    const note = ran === 0 ? "DID NOT RUN" : `${ran} ran, ${failed === 0 ? "all passed" : `${failed} FAILED`}`
    console.log(`  ${suite.name.padEnd(28)} ${note}${skipped === 0 ? "" : `, ${skipped} skipped`}`)
  }
  for (const step of brokenSteps) {
    console.log(`  ${step.padEnd(28)} FAILED, see above`)
  }
  if (total.failed === 0 && brokenSteps.length > 0) {
    total.failed = 1
  }
  console.log(
    `\n${total.passed} passed, ${total.failed} failed${total.skipped === 0 ? "" : `, ${total.skipped} skipped`}`
  )
  return total.failed === 0
}
