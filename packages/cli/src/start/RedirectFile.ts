/**
 * Hands a secret link to a browser without putting it where other users look: not in arguments, not in the environment,
 * but in a page that only this user can read and that leads on to it.
 *
 * @since 0.1.0
 */
import { Unavailable } from "@t3/protocol/Errors"
import * as Effect from "effect/Effect"
import { mkdtemp, rm, writeFile } from "node:fs/promises"
import { join } from "node:path"

const page = (link: string): string =>
  `<!doctype html>
<meta charset="utf-8">
<meta name="referrer" content="no-referrer">
<title>T3</title>
<script>location.replace(${JSON.stringify(link).replaceAll("<", String.raw`\u003c`)})</script>
`

/** Writes the page into a folder of its own under `baseDir` and gives its path; both are removed when the scope ends. */
export const make = (baseDir: string, unsafeLink: string) => {
  const attempt = <A>(run: () => Promise<A>) =>
    Effect.tryPromise({
      try: run,
      catch: (cause) =>
        new Unavailable({
          hint: "Check the space and the rights there, or use `t3 serve`, which opens no browser.",
          message: `No page can be written in ${baseDir} (${
            cause instanceof Error ? cause.message : "unknown reason"
          }).`
        })
    })
  return Effect.gen(function*() {
    // A name that nobody else has, and the mode 0700: what is removed later is ours.
    const folder = yield* Effect.acquireRelease(
      attempt(() => mkdtemp(join(baseDir, "open-"))),
      (path) => Effect.promise(() => rm(path, { force: true, recursive: true }))
    )
    const file = join(folder, "index.html")
    yield* attempt(() => writeFile(file, page(unsafeLink), { flag: "wx", mode: 0o600 }))
    return file
  })
}
