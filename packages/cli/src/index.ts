/**
 * The `t3` program, for a composition root.
 *
 * @since 0.1.0
 */
export * as Entry from "./Entry.ts"
