/**
 * `t3 serve`.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import type * as Settings from "../Settings.ts"
import { serve } from "./Serve.ts"

/** Runs headless; opens no browser. */
export const run = (flags: Settings.ServerFlags) => serve(flags, () => Effect.void)
