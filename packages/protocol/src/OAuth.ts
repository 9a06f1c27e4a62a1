/**
 * Token exchange: a pairing token for a bearer session.
 *
 * @see https://www.rfc-editor.org/rfc/rfc8693 (exchange), RFC 7009 (revocation), RFC 8414 (metadata), RFC 6749 5.2 (errors)
 * @since 0.1.0
 */
import * as HttpApiSchema from "@effect/platform/HttpApiSchema"
import * as Schema from "effect/Schema"
import { DeviceKind } from "./Device.ts"
import { EnvironmentName } from "./Environment.ts"
import { DeviceId, SessionId } from "./Ids.ts"
import { quiet, secretText } from "./internal/quiet.ts"
import { Label } from "./Label.ts"
import { PairingToken } from "./PairingToken.ts"
import { Role } from "./Scope.ts"
import { SessionToken } from "./SessionToken.ts"

export const grantType = "urn:ietf:params:oauth:grant-type:token-exchange"
export const pairingTokenType = "urn:t3:params:oauth:token-type:pairing-token"
export const accessTokenType = "urn:ietf:params:oauth:token-type:access_token"

/** The header that makes a repeated exchange of the same device safe; 8 to 128 visible characters. */
export const idempotencyHeader = "idempotency-key"

/** The value of that header. A decode error does not quote it. */
export const IdempotencyKey = Schema.Redacted(
  secretText("an idempotency key").pipe(
    Schema.pattern(/^[\x21-\x7e]{8,128}$/, { message: () => "an idempotency key has 8 to 128 characters" })
  )
)

export const IdempotencyHeaders = Schema.Struct({
  [idempotencyHeader]: Schema.optionalWith(IdempotencyKey, { exact: true })
}).annotations(quiet("the headers"))

/** RFC 8693, 2.1. `actor_token` is the device's earlier session, which the new one then replaces. */
export const TokenRequest = Schema.Struct({
  grant_type: Schema.Literal(grantType),
  subject_token: PairingToken,
  subject_token_type: Schema.Literal(pairingTokenType),
  /** Space-separated; less than the link gives, if the device wants less. Unknown names are ignored. */
  scope: Schema.optionalWith(Schema.String.pipe(Schema.maxLength(2048)), { exact: true }),
  actor_token: Schema.optionalWith(SessionToken, { exact: true }),
  actor_token_type: Schema.optionalWith(Schema.Literal(accessTokenType), { exact: true }),
  device_label: Schema.optionalWith(Label, { exact: true }),
  device_kind: Schema.optionalWith(DeviceKind, { exact: true }),
  device_os: Schema.optionalWith(Label, { exact: true })
}).annotations(quiet("a token request")).pipe(HttpApiSchema.withEncoding({ kind: "UrlParams" }))
export type TokenRequest = typeof TokenRequest.Type

/** RFC 8693, 2.2.1, with what a device wants to know beside. */
export const TokenResponse = Schema.Struct({
  access_token: SessionToken,
  issued_token_type: Schema.Literal(accessTokenType),
  token_type: Schema.Literal("Bearer"),
  /** Seconds until the session lapses if it is not used. */
  expires_in: Schema.NonNegativeInt,
  /** Space-separated; what was granted. */
  scope: Schema.String,
  session_id: SessionId,
  device_id: DeviceId,
  role: Role,
  environment: EnvironmentName
}).annotations(quiet("a token response"))
export type TokenResponse = typeof TokenResponse.Type

/** RFC 7009, 2.1. */
export const RevokeRequest = Schema.Struct({
  token: Schema.Redacted(secretText("a token").pipe(Schema.maxLength(256, { message: () => "not a token" }))),
  token_type_hint: Schema.optionalWith(Schema.String, { exact: true })
}).annotations(quiet("a revocation")).pipe(HttpApiSchema.withEncoding({ kind: "UrlParams" }))

/** RFC 8414, 2. */
export const Metadata = Schema.Struct({
  issuer: Schema.String,
  token_endpoint: Schema.String,
  revocation_endpoint: Schema.String,
  grant_types_supported: Schema.Array(Schema.String),
  response_types_supported: Schema.Array(Schema.String),
  token_endpoint_auth_methods_supported: Schema.Array(Schema.String),
  scopes_supported: Schema.Array(Schema.String)
})
