/**
 * How a session presents itself to the owner of the machine.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"
import { DeviceId } from "./Ids.ts"
import { Label } from "./Label.ts"

/** What sort of thing holds the session. */
export const DeviceKind = Schema.Literal("phone", "tablet", "desktop", "browser", "cli", "script", "unknown")
export type DeviceKind = typeof DeviceKind.Type

/** What a device says of itself when it pairs; nothing in it is proof of anything. */
export const DeviceFields = Schema.Struct({
  label: Schema.optionalWith(Label, { exact: true }),
  kind: Schema.optionalWith(DeviceKind, { exact: true }),
  os: Schema.optionalWith(Label, { exact: true }),
  browser: Schema.optionalWith(Label, { exact: true })
})
export type DeviceFields = typeof DeviceFields.Type

/** A device as lists show it. */
export const Device = Schema.Struct({
  id: DeviceId,
  label: Schema.String,
  kind: DeviceKind,
  os: Schema.optionalWith(Schema.String, { exact: true }),
  browser: Schema.optionalWith(Schema.String, { exact: true })
})
export type Device = typeof Device.Type
