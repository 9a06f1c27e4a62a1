/**
 * Where `t3` begins. What can be answered from the description of the commands is answered at once; only what is to be
 * run loads the rest, so that `--help` takes hardly longer than Node itself.
 *
 * @since 0.1.0
 */
import { existsSync } from "node:fs"
import * as Argv from "./Argv.ts"
import * as Help from "./Help.ts"
import * as T3 from "./T3.ts"

/** Runs `t3` as a process: argv (without the two words of Node) in, exit code out. */
export const start = async (options: {
  readonly argv: ReadonlyArray<string>
  readonly version: string
}): Promise<void> => {
  // A reader that has seen enough, such as `head`, is no failure of ours.
  process.stdout.on("error", (error: NodeJS.ErrnoException) => process.exit(error.code === "EPIPE" ? 0 : 1))
  // Nobody is left to be told, and what runs is to end in good order all the same.
  process.stderr.on("error", () => undefined)
  const request = Argv.read(T3.root, options.argv, { bare: T3.bare, exists: existsSync })
  switch (request._tag) {
    case "Help":
      process.stdout.write(`${Help.render(request.path)}\n`)
      return
    case "Version":
      process.stdout.write(`${options.version}\n`)
      return
    case "Refused":
      process.stderr.write(`t3: ${request.message}\n    ${request.hint}\n`)
      process.exitCode = 2
      return
    default: {
      const Main = await import("./Main.ts")
      Main.run(request, options.version)
    }
  }
}
