/**
 * Opens a file in the browser of the desktop.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"

/** Whether the desktop's opener took it; it has failed if it ends with another code than 0. */
export const open = (file: string): Effect.Effect<boolean> =>
  Effect.tryPromise(() => import("open").then(({ default: launch }) => launch(file))).pipe(
    Effect.flatMap((launcher) =>
      Effect.async<boolean>((resume) => {
        if (launcher.exitCode !== null) return resume(Effect.succeed(launcher.exitCode === 0))
        launcher.once("error", () => resume(Effect.succeed(false)))
        launcher.once("exit", (code) => resume(Effect.succeed(code === 0)))
      })
    ),
    Effect.orElseSucceed(() => false)
  )
