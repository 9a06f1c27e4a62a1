/**
 * How every request to an environment is sent: with the token, to that address only, ended with its scope.
 *
 * @since 0.1.0
 */
import * as FetchHttpClient from "@effect/platform/FetchHttpClient"
import * as Headers from "@effect/platform/Headers"
import * as HttpClient from "@effect/platform/HttpClient"
import type * as HttpClientError from "@effect/platform/HttpClientError"
import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import type { Refusal } from "@t3/protocol/Errors"
import { idempotencyHeader } from "@t3/protocol/OAuth"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import { identity } from "effect/Function"
import type * as Redacted from "effect/Redacted"
import type * as Scope from "effect/Scope"
import * as Answer from "./answer.ts"

/** Where the environment is and, for calls that need a session, its token. */
export interface Options {
  readonly connectionString: string
  /** Sent as `Authorization: Bearer`, to this address only: redirects are not followed. */
  readonly token?: Redacted.Redacted
}

/** A redirect is an answer like any other, so that no secret follows it. The caller's other options stay. */
const withoutRedirects = <A, E, R>(answer: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  Effect.contextWithEffect((context: Context.Context<R>) =>
    Effect.provide(
      answer,
      Context.add(context, FetchHttpClient.RequestInit, {
        ...Context.getOrElse(context, FetchHttpClient.RequestInit, () => ({})),
        redirect: "manual"
      })
    )
  )

/** A client that gives successes of the type that is expected, and fails with the refusal of every other answer. */
export const prepare = (
  http: HttpClient.HttpClient,
  options: Options,
  type: Answer.ContentType
): HttpClient.HttpClient.With<Refusal | HttpClientError.HttpClientError, Scope.Scope> =>
  http.pipe(
    HttpClient.mapRequest(HttpClientRequest.accept(type)),
    options.token === undefined ? identity : HttpClient.mapRequest(HttpClientRequest.bearerToken(options.token)),
    HttpClient.transformResponse(withoutRedirects),
    HttpClient.transformResponse(
      Effect.locallyWith(Headers.currentRedactedNames, (names) => [...names, idempotencyHeader])
    ),
    HttpClient.withScope,
    HttpClient.transformResponse(Effect.flatMap((response) => Answer.accept(options.connectionString, response, type)))
  )
