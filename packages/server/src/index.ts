export * as StartError from "./StartError.ts"
export * as T3Server from "./T3Server.ts"
