/**
 * The typed client of one environment: every call of the HTTP API, failing only with what a caller can act on.
 *
 * @since 0.1.0
 */
import type * as HttpApi from "@effect/platform/HttpApi"
import * as HttpApiClient from "@effect/platform/HttpApiClient"
import type { HttpApiEndpoint } from "@effect/platform/HttpApiEndpoint"
import type { HttpApiGroup } from "@effect/platform/HttpApiGroup"
import * as HttpClient from "@effect/platform/HttpClient"
import { Api } from "@t3/protocol/Api"
import { type Refusal, Unreachable } from "@t3/protocol/Errors"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import * as Answer from "./internal/answer.ts"
import * as Request from "./internal/request.ts"

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

/** The event stream has no end to wait for: it has a module of its own, `EventStream`. */
type Endless = "events"

type Calls<Group> = Group extends HttpApiGroup<infer _Name, infer Endpoints, infer _E, infer _R, infer _TopLevel>
  ? { readonly [Endpoint in Endpoints as Exclude<Endpoint["name"], Endless>]: Call<Endpoint> }
  : never

/** Every route as a function, `client.<group>.<endpoint>(request)`. A call needs nothing more and never hangs. */
export type T3Client = { readonly [Group in Groups as Group["identifier"]]: Calls<Group> }

export type { Options } from "./internal/request.ts"

/** How long one call may take, answer included. Every answer is small. */
const patience = "30 seconds"

/**
 * Makes the client of the environment at `connectionString`, over whatever `HttpClient` is there (fetch, or an agent
 * on a control socket). Nothing is sent yet.
 */
export const make = (options: Request.Options): Effect.Effect<T3Client, never, HttpClient.HttpClient> =>
  Effect.gen(function*() {
    const http = yield* HttpClient.HttpClient
    const address = options.connectionString
    const groups = yield* HttpApiClient.makeWith(Api, {
      baseUrl: address,
      httpClient: Request.prepare(http, options, "application/json"),
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
