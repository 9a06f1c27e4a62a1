/**
 * The names of things: opaque, safe to log, never secret.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"

/** Twelve lower-case Crockford symbols (60 bit), as the server mints them. */
const id = <const Brand extends string>(brand: Brand) =>
  Schema.String.pipe(
    Schema.pattern(/^[0-9a-hjkmnp-tv-z]{12}$/, { identifier: brand, message: () => `not a ${brand}` }),
    Schema.brand(`@t3/${brand}`)
  )

/** One T3 server with its data directory. */
export const EnvironmentId = id("EnvironmentId")
export type EnvironmentId = typeof EnvironmentId.Type

/** The record of a pairing token; never the token. */
export const PairingId = id("PairingId")
export type PairingId = typeof PairingId.Type

/** What a device got for a pairing token; never its secret. */
export const SessionId = id("SessionId")
export type SessionId = typeof SessionId.Type

/** A device across re-pairings; minted by the server. */
export const DeviceId = id("DeviceId")
export type DeviceId = typeof DeviceId.Type

/** One start of a server, within which events are numbered. */
export const StreamId = id("StreamId")
export type StreamId = typeof StreamId.Type
