/**
 * The typed client of one environment: every call of the HTTP API, failing only with what a caller can act on.
 *
 * @since 0.1.0
 */
import * as FetchHttpClient from "@effect/platform/FetchHttpClient"
import * as Headers from "@effect/platform/Headers"
import type * as HttpApi from "@effect/platform/HttpApi"
import * as HttpApiClient from "@effect/platform/HttpApiClient"
import type { HttpApiEndpoint } from "@effect/platform/HttpApiEndpoint"
import type { HttpApiGroup } from "@effect/platform/HttpApiGroup"
import * as HttpClient from "@effect/platform/HttpClient"
import type * as HttpClientError from "@effect/platform/HttpClientError"
import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import { Api } from "@t3/protocol/Api"
import { type Refusal, Unreachable } from "@t3/protocol/Errors"
import { idempotencyHeader } from "@t3/protocol/OAuth"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import { identity } from "effect/Function"
import type * as Redacted from "effect/Redacted"
import type * as Scope from "effect/Scope"
import * as Answer from "./internal/answer.ts"

type Groups = typeof Api extends HttpApi.HttpApi<infer _Id, infer Groups, infer _E, infer _R> ? Groups : never

type Call<Endpoint> = Endpoint extends HttpApiEndpoint<
  infer _Name,
  infer _Method,
  infer Path,
  infer UrlParams,
  infer Payload,
  infer Headers,
  infer Success,
  infer _E,
  infer _R,
  infer _RE
> ?
  (request: HttpApiEndpoint.ClientRequest<Path, UrlParams, Payload, Headers, false>) => Effect.Effect<Success, Refusal>
  : never

type Calls<Group> = Group extends HttpApiGroup<infer _Name, infer Endpoints, infer _E, infer _R, infer _TopLevel>
  ? { readonly [Endpoint in Endpoints as Endpoint["name"]]: Call<Endpoint> }
  : never

/** Every route as a function, `client.<group>.<endpoint>(request)`. A call needs nothing more and never hangs. */
export type T3Client = { readonly [Group in Groups as Group["identifier"]]: Calls<Group> }

/** Where the environment is and, for calls that need a session, its token. */
export interface Options {
  readonly connectionString: string
  /** Sent as `Authorization: Bearer`, to this address only: redirects are not followed. */
  readonly token?: Redacted.Redacted
}

/** How long one call may take, answer included. Every answer is small. */
const patience = "30 seconds"

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

const prepare = (http: HttpClient.HttpClient, options: Options): HttpClient.HttpClient.With<
  Refusal | HttpClientError.HttpClientError,
  Scope.Scope
> =>
  http.pipe(
    options.token === undefined ? identity : HttpClient.mapRequest(HttpClientRequest.bearerToken(options.token)),
    HttpClient.transformResponse(withoutRedirects),
    HttpClient.transformResponse(
      Effect.locallyWith(Headers.currentRedactedNames, (names) => [...names, idempotencyHeader])
    ),
    HttpClient.withScope,
    HttpClient.transformResponse(Effect.flatMap((response) => Answer.accept(options.connectionString, response)))
  )

/**
 * Makes the client of the environment at `connectionString`, over whatever `HttpClient` is there (fetch, or an agent
 * on a control socket). Nothing is sent yet.
 */
export const make = (options: Options): Effect.Effect<T3Client, never, HttpClient.HttpClient> =>
  Effect.gen(function*() {
    const http = yield* HttpClient.HttpClient
    const address = options.connectionString
    const groups = yield* HttpApiClient.makeWith(Api, {
      baseUrl: address,
      httpClient: prepare(http, options),
      transformResponse: Effect.mapError((error) => Answer.fromDecoding(address, error))
    })
    const bounded = (call: (request: never) => Effect.Effect<unknown, Answer.Fault, Scope.Scope>) => (request: never) =>
      call(request).pipe(
        Effect.scoped,
        Effect.mapError((fault) => Answer.toRefusal(address, fault)),
        Effect.timeoutFail({
          duration: patience,
          onTimeout: () => new Unreachable({ message: `${address} did not answer within ${patience}.` })
        })
      )
    return Object.fromEntries(
      Object.entries(groups).map(([name, calls]) => [
        name,
        Object.fromEntries(Object.entries(calls).map(([call, run]) => [call, bounded(run)]))
      ])
    ) as T3Client
  })
