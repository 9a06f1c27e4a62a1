/** `.ci/run` ends with this: what every suite counted, in one place. Its arguments are the stages that failed. */
import { checks, printSummary, suitesOf } from "./reports.mjs"

const suites = [...suitesOf(["test", "test:browser", "test:crash", "test:netns"]), checks]
process.exitCode = printSummary(suites, process.argv.slice(2)) ? 0 : 1
