/**
 * The browser's way in: one half of the secret in an HttpOnly cookie, the other in the page's storage.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"
import { DeviceFields } from "./Device.ts"
import { EnvironmentName } from "./Environment.ts"
import { quiet } from "./internal/quiet.ts"
import { PairingToken } from "./PairingToken.ts"
import { Session } from "./Session.ts"
import { StorageHalf } from "./SessionToken.ts"

export const BrowserSessionRequest = Schema.Struct({
  token: PairingToken,
  device: Schema.optionalWith(DeviceFields, { default: () => ({}) })
}).annotations(quiet("a browser's exchange"))
export type BrowserSessionRequest = typeof BrowserSessionRequest.Type

/** The cookie half is in `Set-Cookie` beside it. */
export const BrowserSessionResponse = Schema.Struct({
  session: Session,
  storageHalf: StorageHalf,
  /** Seconds until the session lapses if it is not used. */
  expiresIn: Schema.NonNegativeInt,
  environment: EnvironmentName
}).annotations(quiet("a browser's session"))
export type BrowserSessionResponse = typeof BrowserSessionResponse.Type
