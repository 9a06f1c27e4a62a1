/**
 * `t3 auth pairing create`.
 *
 * @since 0.1.0
 */
import * as NewLink from "./NewLink.ts"

/** Makes a link, or without a running server a token for the next one. */
export const run = (values: NewLink.Values) => NewLink.make(values, "begin")
