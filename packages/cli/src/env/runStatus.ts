/**
 * `t3 env status`.
 *
 * @since 0.1.0
 */
import * as FetchHttpClient from "@effect/platform/FetchHttpClient"
import { EnvironmentStore, type SavedEnvironment } from "@t3/client/EnvironmentStore"
import * as T3Client from "@t3/client/T3Client"
import type { Refusal } from "@t3/protocol/Errors"
import * as Label from "@t3/protocol/Label"
import * as Effect from "effect/Effect"
import type * as Option from "effect/Option"
import { Reported } from "../Failure.ts"
import { Output, printJson } from "../Output.ts"
import * as SavedEnvironments from "./SavedEnvironments.ts"

interface Values {
  readonly name: string
  readonly baseDir: Option.Option<string>
  readonly json: boolean
}

const signedOut: Partial<Record<Refusal["_tag"], string>> = {
  SessionExpired: "the session has expired",
  SessionRevoked: "the session was revoked",
  Unauthenticated: "the server does not know this session"
}

/** The state in one word for scripts, and for people. */
const describe = (refusal: Refusal): { readonly state: string; readonly text: string; readonly next: string } => {
  const reason = signedOut[refusal._tag]
  return reason === undefined
    ? {
      next: refusal.hint ?? "",
      state: refusal._tag === "Unreachable" ? "unreachable" : "failed",
      text: refusal.message
    }
    : { next: "Pair again: t3 connect", state: "signed-out", text: `signed out: ${reason}` }
}

const ask = (saved: SavedEnvironment) =>
  Effect.gen(function*() {
    const client = yield* T3Client.make({ connectionString: saved.connectionString, token: saved.token })
    return yield* client.session.whoAmI({})
  })

/** Asks the server; the answer, good or bad, is the result. */
export const run = (values: Values) =>
  Effect.gen(function*() {
    const output = yield* Output
    const saved = yield* Effect.flatMap(EnvironmentStore, (store) => store.get(values.name))
    const { environment, session } = yield* ask(saved).pipe(
      Effect.catchAll((refusal) =>
        Effect.gen(function*() {
          const { next, state, text } = describe(refusal)
          if (values.json) {
            yield* printJson({ ...SavedEnvironments.toJson(saved), reason: refusal._tag, state, text })
          } else {
            yield* output.print(text)
            yield* output.say(`    ${next}`)
          }
          return yield* new Reported({ refusal })
        })
      )
    )
    const { label } = environment
    if (values.json) {
      return yield* printJson({
        ...SavedEnvironments.toJson(saved),
        label,
        role: session.role,
        scopes: session.scopes,
        state: "connected"
      })
    }
    yield* output.print(`connected to ${Label.clean(label)} as ${session.role} at ${saved.connectionString}`)
  }).pipe(Effect.provide([SavedEnvironments.layer(values.baseDir), FetchHttpClient.layer]))
