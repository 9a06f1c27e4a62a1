/** `.ci/run` ends with this: what every suite of the run counted, in one place. */
import { checks, printSummary, suitesOf } from "./reports.mjs"

process.exitCode = printSummary([...suitesOf(process.argv.slice(2)), checks]) ? 0 : 1
