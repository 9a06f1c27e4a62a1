/**
 * What can be refused, one class for each decision a caller can make. On the wire: `{ "_tag", "message", "hint"? }`.
 *
 * @since 0.1.0
 */
import * as HttpApiSchema from "@effect/platform/HttpApiSchema"
import * as Schema from "effect/Schema"

const fields = (message: string, hint: string) => ({
  /** What happened, for a person. Never holds a secret. */
  message: Schema.String.pipe(Schema.propertySignature, Schema.withConstructorDefault(() => message)),
  /** What to do next. */
  hint: Schema.optionalWith(Schema.String, { exact: true }).pipe(Schema.withConstructorDefault(() => hint))
})

const newLink = "Make a new link on the machine with `t3 auth pairing create`."

/** The pairing token was right, but its time is over. */
export class PairingExpired extends Schema.TaggedError<PairingExpired>("@t3/protocol/PairingExpired")(
  "PairingExpired",
  fields("This pairing link has expired.", newLink),
  HttpApiSchema.annotations({ status: 400 })
) {}

/** The pairing token was right, but a device has already used it. */
export class PairingUsed extends Schema.TaggedError<PairingUsed>("@t3/protocol/PairingUsed")(
  "PairingUsed",
  fields("This pairing link was already used. A link works once.", newLink),
  HttpApiSchema.annotations({ status: 400 })
) {}

/** The pairing token was right, but its link was revoked. */
export class PairingRevoked extends Schema.TaggedError<PairingRevoked>("@t3/protocol/PairingRevoked")(
  "PairingRevoked",
  fields("This pairing link was revoked.", newLink),
  HttpApiSchema.annotations({ status: 400 })
) {}

/** No pairing on file has this token. */
export class PairingUnknown extends Schema.TaggedError<PairingUnknown>("@t3/protocol/PairingUnknown")(
  "PairingUnknown",
  fields("No pairing link has this token.", `Check it for a typing mistake. ${newLink}`),
  HttpApiSchema.annotations({ status: 400 })
) {}

/** The credential is absent, malformed or not on file. */
export class Unauthenticated extends Schema.TaggedError<Unauthenticated>("@t3/protocol/Unauthenticated")(
  "Unauthenticated",
  fields("This needs a session.", "Pair this device first."),
  HttpApiSchema.annotations({ status: 401 })
) {}

/** The session was not used for too long, or reached its absolute end. */
export class SessionExpired extends Schema.TaggedError<SessionExpired>("@t3/protocol/SessionExpired")(
  "SessionExpired",
  fields("The session has expired.", `Pair this device again. ${newLink}`),
  HttpApiSchema.annotations({ status: 401 })
) {}

/** The session was ended by its owner, or by the device itself. */
export class SessionRevoked extends Schema.TaggedError<SessionRevoked>("@t3/protocol/SessionRevoked")(
  "SessionRevoked",
  fields("The session was revoked.", `Pair this device again. ${newLink}`),
  HttpApiSchema.annotations({ status: 401 })
) {}

/** The session is real but lacks `required`. */
export class ScopeRequired extends Schema.TaggedError<ScopeRequired>("@t3/protocol/ScopeRequired")(
  "ScopeRequired",
  {
    ...fields(
      "This session lacks a right that this needs.",
      "Ask an owner of the machine for a link with more rights."
    ),
    required: Schema.String
  },
  HttpApiSchema.annotations({ status: 403 })
) {
  static of(required: string): ScopeRequired {
    return new ScopeRequired({ message: `This session lacks the right ${required}.`, required })
  }
}

/** Storage does not answer, or the server is shutting down. */
export class Unavailable extends Schema.TaggedError<Unavailable>("@t3/protocol/Unavailable")(
  "Unavailable",
  fields("The server cannot do this right now.", "Try again in a moment; the log on the machine has the cause."),
  HttpApiSchema.annotations({ status: 503 })
) {}

/** The request body is over its limit. */
export class TooLarge extends Schema.TaggedError<TooLarge>("@t3/protocol/TooLarge")(
  "TooLarge",
  fields("The request is too large.", "Send less at once."),
  HttpApiSchema.annotations({ status: 413 })
) {}

/** Client and server speak different versions of the protocol. */
export class VersionMismatch extends Schema.TaggedError<VersionMismatch>("@t3/protocol/VersionMismatch")(
  "VersionMismatch",
  fields("Client and server speak different versions.", "Update the older of the two."),
  HttpApiSchema.annotations({ status: 409 })
) {}

/** Too many failed attempts; `retryAfter` is in seconds. */
export class RateLimited extends Schema.TaggedError<RateLimited>("@t3/protocol/RateLimited")(
  "RateLimited",
  { ...fields("Too many attempts.", "Wait, then try again."), retryAfter: Schema.NonNegativeInt },
  HttpApiSchema.annotations({ status: 429 })
) {}

/** The `Host` of the request is none of this server's. */
export class HostNotAllowed extends Schema.TaggedError<HostNotAllowed>("@t3/protocol/HostNotAllowed")(
  "HostNotAllowed",
  fields("This server does not answer under that host name.", "Use the address that the server printed."),
  HttpApiSchema.annotations({ status: 421 })
) {}

/** The `Origin` of the request is a page of somebody else. */
export class OriginNotAllowed extends Schema.TaggedError<OriginNotAllowed>("@t3/protocol/OriginNotAllowed")(
  "OriginNotAllowed",
  fields(
    "This server does not answer pages of another origin.",
    "Open the page under the address that the server printed."
  ),
  HttpApiSchema.annotations({ status: 403 })
) {}

/** No such route, id or name. */
export class NotFound extends Schema.TaggedError<NotFound>("@t3/protocol/NotFound")(
  "NotFound",
  fields("There is nothing here.", "List what there is, and use an id from there."),
  HttpApiSchema.annotations({ status: 404 })
) {}

/** It collides with what is there. */
export class Conflict extends Schema.TaggedError<Conflict>("@t3/protocol/Conflict")(
  "Conflict",
  fields("This collides with something that is already there.", "Look at what is there, then try again."),
  HttpApiSchema.annotations({ status: 409 })
) {}

/** The request, or a value in it, is malformed. */
export class Invalid extends Schema.TaggedError<Invalid>("@t3/protocol/Invalid")(
  "Invalid",
  fields("The request is malformed.", "Correct it and try again."),
  HttpApiSchema.annotations({ status: 400 })
) {}

/** Client only: a secret would cross a network in clear. It never travels. */
export class InsecureAddress extends Schema.TaggedError<InsecureAddress>("@t3/protocol/InsecureAddress")(
  "InsecureAddress",
  fields(
    "A secret would cross the network unencrypted.",
    "Use a tailnet address or https, or allow it if you trust the network."
  )
) {}

/** Client only: nothing answered at the address, or what answered is not a T3 server. */
export class Unreachable extends Schema.TaggedError<Unreachable>("@t3/protocol/Unreachable")(
  "Unreachable",
  fields("The server does not answer.", "Check the address, and that `t3 serve` runs there.")
) {}

/** Why a pairing token on file, or not on file, was refused. */
export const PairingRefusal = Schema.Union(PairingExpired, PairingUsed, PairingRevoked, PairingUnknown)
export type PairingRefusal = typeof PairingRefusal.Type

/** Why a session was refused. */
export const SessionRefusal = Schema.Union(Unauthenticated, SessionExpired, SessionRevoked)
export type SessionRefusal = typeof SessionRefusal.Type

/** Anything a call can be refused for. */
export const Refusal = Schema.Union(
  PairingRefusal,
  SessionRefusal,
  ScopeRequired,
  Unavailable,
  TooLarge,
  VersionMismatch,
  RateLimited,
  HostNotAllowed,
  OriginNotAllowed,
  NotFound,
  Conflict,
  Invalid,
  InsecureAddress,
  Unreachable
)
export type Refusal = typeof Refusal.Type
