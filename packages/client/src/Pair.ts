/**
 * Turns a pairing token into a session of this device.
 *
 * @since 0.1.0
 */
import type * as HttpClient from "@effect/platform/HttpClient"
import * as ConnectionString from "@t3/protocol/ConnectionString"
import type { DeviceFields } from "@t3/protocol/Device"
import { type EnvironmentName, protocolVersion } from "@t3/protocol/Environment"
import { Invalid, type Refusal, Unreachable, VersionMismatch } from "@t3/protocol/Errors"
import type { DeviceId, SessionId } from "@t3/protocol/Ids"
import * as Label from "@t3/protocol/Label"
import * as OAuth from "@t3/protocol/OAuth"
import * as PairingLink from "@t3/protocol/PairingLink"
import * as PairingToken from "@t3/protocol/PairingToken"
import type { Role } from "@t3/protocol/Scope"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Encoding from "effect/Encoding"
import * as Redacted from "effect/Redacted"
import * as Schedule from "effect/Schedule"
import * as SecureAddress from "./SecureAddress.ts"
import * as T3Client from "./T3Client.ts"

/** A pairing link, or address and token as a person types them. */
export type PairTarget = string | {
  readonly host: string
  readonly token: string | Redacted.Redacted
}

/** A session that this device has already, and where. */
export interface EarlierSession {
  readonly connectionString: string
  readonly environmentId: string
  readonly token: Redacted.Redacted
}

/** What a device may say of itself and ask for. */
export interface PairOptions {
  /** How lists on the machine show this device. */
  readonly device?: Pick<DeviceFields, "label" | "kind" | "os">
  /** Send the token over plain HTTP to an address that is neither loopback nor tailnet. */
  readonly allowInsecure?: boolean
  /**
   * Sessions that this device has. One is sent along, for the new one to replace it, only where its own environment
   * answers at its own address: an id is public, so an address that is new to the session proves nothing.
   */
  readonly earlier?: ReadonlyArray<EarlierSession>
  /** Less than the link gives; all it gives where absent. */
  readonly scopes?: ReadonlyArray<string>
  /** Makes a repeated exchange safe; a fresh one where absent. Give one to retry across a crash. */
  readonly idempotencyKey?: Redacted.Redacted
}

/** A session, from the device's side. */
export interface PairedSession {
  readonly connectionString: ConnectionString.ConnectionString
  readonly environment: EnvironmentName
  readonly sessionId: SessionId
  readonly deviceId: DeviceId
  readonly role: Role
  /** What was granted. */
  readonly scopes: ReadonlyArray<string>
  readonly token: Redacted.Redacted
  /** When it lapses if it is not used, by this device's clock. */
  readonly expiresAt: DateTime.Utc
}

/** How long either step may take. */
const patience = "10 seconds"

const parse = (target: PairTarget): Either.Either<PairingLink.PairingLink, Invalid> => {
  if (typeof target === "string") return PairingLink.parse(target)
  const text = typeof target.token === "string" ? target.token : Redacted.value(target.token)
  return Either.all({
    connectionString: ConnectionString.parse(target.host),
    token: Either.mapLeft(PairingToken.parse(text), (refusal) =>
      new Invalid({
        hint: "Type it as the machine shows it, like XXXX-XXXX-XXXX.",
        message: `This is not a pairing token: ${PairingToken.explain(refusal)}.`
      }))
  })
}

/** A pin that nobody checks would be worse than none. */
const refusePin = (link: PairingLink.PairingLink): Either.Either<PairingLink.PairingLink, Invalid> =>
  link.pin === undefined ? Either.right(link) : Either.left(
    new Invalid({
      hint: "Update T3 on this device, or use a link to a tailnet address.",
      message: "This pairing link pins a certificate, which this version of T3 cannot check."
    })
  )

/** `getRandomValues` is the one generator that browsers also offer on plain HTTP. */
const freshKey = Effect.sync(() => Redacted.make(Encoding.encodeHex(crypto.getRandomValues(new Uint8Array(16)))))

const bounded = (address: string) =>
  Effect.timeoutFail({
    duration: patience,
    onTimeout: () => new Unreachable({ message: `${address} did not answer within ${patience}.` })
  })

/** A radio that has just lost an answer gets a moment to come back. */
const onceMore = Schedule.intersect(Schedule.recurs(1), Schedule.spaced("500 millis"))

const checkVersion = (address: string, theirs: number): Either.Either<void, VersionMismatch> =>
  theirs === protocolVersion ? Either.void : Either.left(
    new VersionMismatch({
      hint: theirs > protocolVersion ? "Update T3 on this device." : "Update T3 on the machine that serves it.",
      message: `${address} speaks version ${theirs} of the protocol, this device version ${protocolVersion}.`
    })
  )

const toRequest = (
  token: PairingToken.PairingToken,
  earlier: EarlierSession | undefined,
  options: PairOptions
): OAuth.TokenRequest => ({
  grant_type: OAuth.grantType,
  subject_token: token,
  subject_token_type: OAuth.pairingTokenType,
  ...(options.scopes === undefined ? {} : { scope: options.scopes.join(" ") }),
  ...(earlier === undefined ? {} : { actor_token: earlier.token, actor_token_type: OAuth.accessTokenType }),
  ...(options.device?.label === undefined ? {} : { device_label: options.device.label }),
  ...(options.device?.kind === undefined ? {} : { device_kind: options.device.kind }),
  ...(options.device?.os === undefined ? {} : { device_os: options.device.os })
})

const toSession = (
  link: PairingLink.PairingLink,
  answer: OAuth.TokenResponse,
  now: DateTime.Utc
): PairedSession => ({
  connectionString: link.connectionString,
  deviceId: answer.device_id,
  environment: {
    id: answer.environment.id,
    label: Label.clean(answer.environment.label) || new URL(link.connectionString).hostname
  },
  expiresAt: DateTime.add(now, { seconds: answer.expires_in }),
  role: answer.role,
  scopes: answer.scope.split(" ").filter((scope) => scope !== ""),
  sessionId: answer.session_id,
  token: answer.access_token
})

/**
 * Pairs this device. Nothing is sent before the address is known to be safe for a secret, and the token only to
 * something that speaks this version of T3. If the answer is lost on the way, the exchange is repeated once with the
 * same key, which the server answers with the same session.
 */
export const pair: (
  target: PairTarget,
  options?: PairOptions
) => Effect.Effect<PairedSession, Refusal, HttpClient.HttpClient> = Effect.fn("Pair.pair")(
  function*(target: PairTarget, options: PairOptions = {}) {
    const link = yield* Either.flatMap(parse(target), refusePin)
    const address = yield* SecureAddress.check(link.connectionString, options)
    const client = yield* T3Client.make({ connectionString: address })
    const descriptor = yield* client.environment.descriptor().pipe(bounded(address))
    yield* checkVersion(address, descriptor.protocolVersion)
    const earlier = options.earlier?.find(({ connectionString, environmentId }) =>
      environmentId === descriptor.environmentId && connectionString === address
    )
    const key = options.idempotencyKey ?? (yield* freshKey)
    const now = yield* DateTime.now
    const answer = yield* client.oauth.token({
      headers: { [OAuth.idempotencyHeader]: key },
      payload: toRequest(link.token, earlier, options)
    }).pipe(bounded(address), Effect.retry({ schedule: onceMore, while: (error) => error._tag === "Unreachable" }))
    return toSession(link, answer, now)
  }
)
