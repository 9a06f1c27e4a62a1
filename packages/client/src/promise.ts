/**
 * The client for code that does not use Effect: promises, plain values, one error class. Works wherever `fetch` does.
 *
 * @since 0.1.0
 */
import * as FetchHttpClient from "@effect/platform/FetchHttpClient"
import type * as HttpClient from "@effect/platform/HttpClient"
import * as ConnectionString from "@t3/protocol/ConnectionString"
import { Invalid, type Refusal } from "@t3/protocol/Errors"
import { SessionId } from "@t3/protocol/Ids"
import * as PairingLink from "@t3/protocol/PairingLink"
import * as PairingToken from "@t3/protocol/PairingToken"
import { Scope } from "@t3/protocol/Scope"
import { SessionToken } from "@t3/protocol/SessionToken"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Exit from "effect/Exit"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import * as Plain from "./internal/plain.ts"
import * as Pair from "./Pair.ts"
import type * as Types from "./PromiseTypes.ts"
import * as SecureAddress from "./SecureAddress.ts"
import * as T3Client from "./T3Client.ts"

export type * from "./PromiseTypes.ts"

/** What every promise here is rejected with, if the reason is one that a caller can act on. */
export class T3Error extends Error {
  override readonly name = "T3Error"
  /** Which refusal it is; stable, for programs. */
  readonly code: Types.T3ErrorCode
  /** What to do next, for a person. */
  readonly hint: string | undefined
  /** Seconds to wait, where `code` is `RateLimited`. */
  readonly retryAfter: number | undefined
  constructor(refusal: {
    readonly code: Types.T3ErrorCode
    readonly message: string
    readonly hint?: string | undefined
    readonly retryAfter?: number | undefined
  }) {
    super(refusal.message)
    this.code = refusal.code
    this.hint = refusal.hint
    this.retryAfter = refusal.retryAfter
  }
}

const run = async <A>(effect: Effect.Effect<A, Refusal, HttpClient.HttpClient>): Promise<A> => {
  const exit = await Effect.runPromiseExit(Effect.provide(effect, FetchHttpClient.layer))
  if (Exit.isSuccess(exit)) return exit.value
  const failure = Cause.failureOrCause(exit.cause)
  if (Either.isRight(failure)) throw Cause.squash(failure.right)
  const refusal = failure.left
  throw new T3Error({
    code: refusal._tag,
    hint: refusal.hint,
    message: refusal.message,
    retryAfter: refusal._tag === "RateLimited" ? refusal.retryAfter : undefined
  })
}

const decode = <A, I>(schema: Schema.Schema<A, I>, value: I, message: string): Either.Either<A, Invalid> =>
  Either.mapLeft(Schema.decodeEither(schema)(value), () => new Invalid({ message }))

/** The token is in no field, so that logging the object does not show it. */
class Session implements Types.T3Session {
  readonly connectionString: string
  readonly environment: Types.EnvironmentName
  readonly sessionId: string
  readonly deviceId: string
  readonly role: Types.Role
  readonly scopes: ReadonlyArray<string>
  readonly #token: Redacted.Redacted

  constructor(parts: Types.SessionFields & { readonly token: Redacted.Redacted }) {
    this.connectionString = parts.connectionString
    this.environment = parts.environment
    this.sessionId = parts.sessionId
    this.deviceId = parts.deviceId
    this.role = parts.role
    this.scopes = parts.scopes
    this.#token = parts.token
  }

  unsafeToken(): string {
    return Redacted.value(this.#token)
  }

  #call<A>(use: (client: T3Client.T3Client) => Effect.Effect<A, Refusal>): Promise<A> {
    return run(
      Effect.flatMap(T3Client.make({ connectionString: this.connectionString, token: this.#token }), use)
    )
  }

  whoAmI(): Promise<Types.Identity> {
    return this.#call((client) =>
      Effect.map(client.session.whoAmI(), ({ environment, session }) => ({
        environment,
        session: Plain.toSession(session)
      }))
    )
  }

  listSessions(options: { readonly all?: boolean } = {}): Promise<ReadonlyArray<Types.SessionInfo>> {
    return this.#call((client) => Plain.listSessions(client, options.all ?? false))
  }

  revokeSession(id: string): Promise<Types.RevocationInfo> {
    return this.#call((client) =>
      Effect.flatMap(
        decode(SessionId, id, "This is not the id of a session: it has 12 lower-case letters and digits."),
        (sessionId) => client.access.revokeSession({ path: { id: sessionId }, urlParams: { withIssued: false } })
      )
    )
  }

  createPairing(options: Types.PairingOptions = {}): Promise<Types.PairingInfo> {
    return this.#call((client) =>
      Effect.gen(this, function*() {
        const scopes = options.scopes === undefined
          ? {}
          : { scopes: yield* decode(Schema.Array(Scope), options.scopes, "A scope looks like project:read.") }
        const issued = yield* client.access.issuePairing({ payload: Plain.toPairingRequest(options, scopes) })
        const link = {
          connectionString: yield* ConnectionString.parse(this.connectionString),
          token: issued.token
        }
        return {
          ...Plain.toPairing(issued),
          unsafeLink: () => PairingLink.unsafePrint(link),
          unsafeToken: () => PairingToken.unsafeFormat(issued.token)
        }
      })
    )
  }

  async signOut(): Promise<void> {
    await this.#call((client) => client.session.signOut())
  }
}

/** Exchanges a pairing link, or an address and a pairing token, for a session of this device. */
export const pair = (target: Types.PairTarget, options: Types.PairOptions = {}): Promise<Types.T3Session> =>
  run(
    Effect.gen(function*() {
      const earlier = yield* Effect.forEach(options.earlier ?? [], ({ token, ...where }) =>
        Effect.map(decode(SessionToken, token, "An earlier token is not a session token."), (token) => ({
          ...where,
          token
        })))
      return new Session(yield* Pair.pair(target, { ...options, earlier }))
    })
  )

/** Takes up a session again by its token. Asks the server, so it is rejected if the session has ended. */
export const open = (options: Types.OpenOptions): Promise<Types.T3Session> =>
  run(
    Effect.gen(function*() {
      const connectionString = yield* Either.flatMap(ConnectionString.parse(options.connectionString), (address) =>
        SecureAddress.check(address, options))
      const token = yield* decode(SessionToken, options.token, "This is not a session token: it starts with t3s_.")
      const client = yield* T3Client.make({ connectionString, token })
      const { environment, session } = yield* client.session.whoAmI()
      return new Session({
        connectionString,
        deviceId: session.device.id,
        environment,
        role: session.role,
        scopes: session.scopes,
        sessionId: session.id,
        token
      })
    })
  )
