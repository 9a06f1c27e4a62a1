/** What a file of browser tests plays on: two machines, a server on one and Chromium on the other. */
import type { Browser } from "playwright-core"
import * as Program from "../src/Program.ts"
import { type Home, home } from "./Home.ts"
import { type Cable, connect } from "./Machine.ts"
import { launch } from "./Phone.ts"

/** All of it, running. */
export interface Stage extends Cable {
  readonly browser: Browser
  /** On port 3773, for all tests of the file. */
  readonly here: Home
}

/** Builds it up. */
export const build = async (): Promise<Stage> => {
  const cable = await connect()
  const data = Program.temporaryFolder()
  const here = home(cable.server, data.path, 3773)
  const [chromium, server] = await Promise.all([launch(cable.device), here.start()])
  return {
    ...cable,
    browser: chromium.browser,
    here,
    remove: async () => {
      await Promise.all([chromium.close(), server.stop()])
      data.remove()
      await cable.remove()
    }
  }
}
