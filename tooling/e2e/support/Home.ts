/** A server with its data directory on a machine, and what its owner types there. */
import { assert, onTestFinished } from "vitest"
import type * as Program from "../src/Program.ts"
import type { Machine } from "./Machine.ts"
import { folder, start, t3 } from "./Person.ts"

/** A link, as `t3 auth pairing create --json` prints it. */
export interface Link {
  readonly id: string
  readonly pairingLink: string
  /** In groups, as people read it. */
  readonly pairingToken: string
}

/** A session, as `t3 auth session list --json` prints it. */
export interface Session {
  readonly id: string
  readonly role: string
  readonly device: { readonly label: string }
}

/** A data directory, and the server on it. */
export interface Home {
  readonly address: string
  readonly baseDir: string
  /** Runs `t3` there, which must succeed. */
  readonly owner: (...args: ReadonlyArray<string>) => Promise<string>
  readonly link: (...args: ReadonlyArray<string>) => Promise<Link>
  /** Newest first. */
  readonly sessions: () => Promise<ReadonlyArray<Session>>
  /** Somebody has to stop it. */
  readonly start: () => Promise<Program.Running>
}

/** A server that is about to run on that machine. */
export const home = (on: Machine, baseDir: string, port: number): Home => {
  const [host] = on.addresses
  const owner = async (...args: ReadonlyArray<string>) => {
    const { code, stderr, stdout } = await t3(on, ...args, "--base-dir", baseDir)
    assert.strictEqual(code, 0, stderr)
    return stdout
  }
  const where = ["--host", host, "--port", String(port), "--base-dir", baseDir]
  return {
    address: `http://${host}:${port}`,
    baseDir,
    link: async (...args) => JSON.parse(await owner("auth", "pairing", "create", "--role", "owner", "--json", ...args)),
    owner,
    sessions: async () => JSON.parse(await owner("auth", "session", "list", "--json")).items,
    start: () => start(on, ...where, "--label", "my-workstation", "--no-token")
  }
}

/** A server for one test alone, which may stop it and start it again. */
export const ownHome = (on: Machine, port: number): Home => {
  const here = home(on, folder(), port)
  return {
    ...here,
    start: async () => {
      const server = await here.start()
      onTestFinished(async () => void await server.stop())
      return server
    }
  }
}
