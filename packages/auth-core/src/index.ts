/**
 * Pairing tokens, sessions, scopes and the access log.
 *
 * @since 0.1.0
 */
export * as Access from "./Access.ts"
export * as AccessLog from "./AccessLog.ts"
export * as Connections from "./Connections.ts"
export * as FailureLimit from "./FailureLimit.ts"
export * as PairingStore from "./PairingStore.ts"
export * as Policy from "./Policy.ts"
export * as Secret from "./Secret.ts"
export * as SessionStore from "./SessionStore.ts"
export * as Source from "./Source.ts"
export * as AuthMigrations from "./sql/AuthMigrations.ts"
export * as SqlStores from "./sql/SqlStores.ts"
export * as StoreAccess from "./StoreAccess.ts"
export * as Tickets from "./Tickets.ts"
