/**
 * `t3 pair`.
 *
 * @since 0.1.0
 */
import * as NewLink from "./NewLink.ts"

/** Makes a link that works at once, so it needs a server and makes nothing without one (`NotFound`). */
export const run = (values: NewLink.Values) => NewLink.make(values, "refuse")
