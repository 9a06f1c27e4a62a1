/**
 * The `t3` program, for a composition root.
 *
 * @since 0.1.0
 */
export * as Main from "./Main.ts"
