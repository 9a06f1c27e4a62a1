/**
 * `t3 env forget`.
 *
 * @since 0.1.0
 */
import * as FetchHttpClient from "@effect/platform/FetchHttpClient"
import { EnvironmentStore } from "@t3/client/EnvironmentStore"
import * as T3Client from "@t3/client/T3Client"
import type { Refusal } from "@t3/protocol/Errors"
import * as Effect from "effect/Effect"
import type * as Option from "effect/Option"
import { Output, printJson } from "../Output.ts"
import * as SavedEnvironments from "./SavedEnvironments.ts"

interface Values {
  readonly name: string
  readonly baseDir: Option.Option<string>
  readonly json: boolean
}

/** A session that has ended already needs no sign-out. */
const ended: ReadonlySet<Refusal["_tag"]> = new Set(["SessionRevoked", "SessionExpired", "Unauthenticated"])

/** Removes it here whatever happens there, and says so if the session there could not be ended. */
export const run = (values: Values) =>
  Effect.gen(function*() {
    const output = yield* Output
    const saved = yield* Effect.flatMap(EnvironmentStore, (store) => store.forget(values.name))
    const client = yield* T3Client.make({ connectionString: saved.connectionString, token: saved.token })
    const signedOut = yield* client.session.signOut({}).pipe(
      Effect.as(true),
      Effect.catchAll((refusal) => Effect.succeed(ended.has(refusal._tag)))
    )
    if (values.json) yield* printJson({ ...SavedEnvironments.toJson(saved), signedOut })
    else yield* output.print(`Forgot "${saved.name}"${signedOut ? " and signed out there" : ""}.`)
    if (!signedOut) {
      yield* output.say(
        `t3: ${saved.connectionString} did not confirm the sign-out, so its session lives on there.\n`
          + `    End it on that machine: t3 auth session revoke ${saved.sessionId}`
      )
    }
  }).pipe(Effect.provide([SavedEnvironments.layer(values.baseDir), FetchHttpClient.layer]))
