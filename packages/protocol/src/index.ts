/**
 * What goes over the wire between a T3 server and its devices.
 *
 * @since 0.1.0
 */
export * as Actor from "./Actor.ts"
export * as Api from "./Api.ts"
export * as BrowserSession from "./BrowserSession.ts"
export * as ConnectionString from "./ConnectionString.ts"
export * as Crockford from "./Crockford.ts"
export * as Device from "./Device.ts"
export * as Environment from "./Environment.ts"
export * as Errors from "./Errors.ts"
export * as Ids from "./Ids.ts"
export * as Label from "./Label.ts"
export * as OAuth from "./OAuth.ts"
export * as Page from "./Page.ts"
export * as Pairing from "./Pairing.ts"
export * as PairingLink from "./PairingLink.ts"
export * as PairingToken from "./PairingToken.ts"
export * as RouteScopes from "./RouteScopes.ts"
export * as Scope from "./Scope.ts"
export * as Session from "./Session.ts"
export * as SessionToken from "./SessionToken.ts"
