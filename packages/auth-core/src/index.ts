export * as Access from "./Access.ts"
