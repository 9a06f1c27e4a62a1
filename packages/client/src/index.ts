/**
 * Pair with a T3 server, keep the session, make authenticated calls. Runs in browsers; what needs Node is under
 * `@t3/client/node/`.
 *
 * @since 0.1.0
 */
export * as EnvironmentStore from "./EnvironmentStore.ts"
export * as EventStream from "./EventStream.ts"
export * as Live from "./Live.ts"
export * as Pair from "./Pair.ts"
export { pair } from "./Pair.ts"
export * as SecureAddress from "./SecureAddress.ts"
export * as T3Client from "./T3Client.ts"
