/**
 * Administration of an environment that this machine is paired with, under the session it has there.
 *
 * @since 0.1.0
 */
import * as FetchHttpClient from "@effect/platform/FetchHttpClient"
import * as HttpClient from "@effect/platform/HttpClient"
import { Access } from "@t3/auth-core/Access"
import { EnvironmentStore } from "@t3/client/EnvironmentStore"
import * as EventStream from "@t3/client/EventStream"
import * as T3Client from "@t3/client/T3Client"
import type { Refusal } from "@t3/protocol/Errors"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import * as HttpAccess from "./HttpAccess.ts"
import { ServerAddress } from "./ServerAddress.ts"

/** For the saved environment of that name. Its address is the one that we reach it under. */
export const layer = (name: string): Layer.Layer<Access | ServerAddress, Refusal, EnvironmentStore> =>
  Layer.unwrapEffect(
    Effect.gen(function*() {
      const store = yield* EnvironmentStore
      const { connectionString, token } = yield* store.get(name)
      const client = yield* T3Client.make({ connectionString, token })
      const events = EventStream.follow({ connectionString, token }, {}).pipe(
        Stream.provideService(HttpClient.HttpClient, yield* HttpClient.HttpClient)
      )
      return Layer.merge(
        Layer.succeed(Access, HttpAccess.make(client, events)),
        Layer.succeed(ServerAddress, { best: Effect.succeed(Option.some(connectionString)) })
      )
    }).pipe(Effect.provide(FetchHttpClient.layer))
  )
