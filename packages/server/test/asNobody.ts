/** Doing things as an account that is neither root nor the owner of what root made. */
import * as Effect from "effect/Effect"

/** The account that owns nothing, by convention. */
export const nobody = 65_534

const isRoot = process.getuid?.() === 0

/** Runs as nobody where the tests run as root; else as the account that runs them, which is no root either. */
export const asNobody = <A, E, R>(self: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  isRoot
    ? Effect.acquireUseRelease(
      Effect.sync(() => process.seteuid?.(nobody)),
      () => self,
      () => Effect.sync(() => process.seteuid?.(0))
    )
    : self
