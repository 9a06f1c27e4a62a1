/**
 * The T3 server as Effect layers.
 *
 * @since 0.1.0
 */
export * as ControlSocket from "./ControlSocket.ts"
export * as DataDirectory from "./DataDirectory.ts"
export * as LocalStores from "./LocalStores.ts"
export * as StartError from "./StartError.ts"
export * as Database from "./storage/Database.ts"
export * as DirectoryLock from "./storage/DirectoryLock.ts"
export * as T3Server from "./T3Server.ts"
