/** The process that makes load and takes times. It does one job after the other, each of which it is sent. */
import { connects } from "./jobs/connects.mjs"
import { closed, hold, revocation } from "./jobs/held.mjs"
import { guesses, probe, requests } from "./jobs/requests.mjs"

const jobs = { closed, connects, guesses, hold, probe, requests, revocation }

process.on("message", async (/** @type {{ id: number, name: keyof typeof jobs, job: never }} */ { id, job, name }) => {
  try {
    process.send?.({ id, result: await jobs[name](job) })
  } catch (error) {
    process.send?.({ error: error instanceof Error ? error.message : String(error), id })
  }
})
process.on("disconnect", () => process.exit(0))
