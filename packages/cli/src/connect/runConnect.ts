/**
 * `t3 connect`.
 *
 * @since 0.1.0
 */
import * as FetchHttpClient from "@effect/platform/FetchHttpClient"
import { EnvironmentStore, type SavedEnvironment, type StoreFault } from "@t3/client/EnvironmentStore"
import * as Pair from "@t3/client/Pair"
import * as SecureAddress from "@t3/client/SecureAddress"
import * as T3Client from "@t3/client/T3Client"
import type { ConnectionString } from "@t3/protocol/ConnectionString"
import { InsecureAddress, Unavailable } from "@t3/protocol/Errors"
import * as Label from "@t3/protocol/Label"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import { hostname } from "node:os"
import * as Ask from "../Ask.ts"
import * as SavedEnvironments from "../env/SavedEnvironments.ts"
import { Output, printJson } from "../Output.ts"
import * as Settings from "../Settings.ts"
import * as Target from "./Target.ts"

interface Values extends Target.TargetFlags {
  readonly label: Option.Option<string>
  readonly insecure: boolean
  readonly baseDir: Option.Option<string>
  readonly json: boolean
}

/** Lets the person decide where somebody on the way could read along. */
const allow = (address: ConnectionString, insecure: boolean) =>
  Effect.gen(function*() {
    if (insecure || SecureAddress.isSecure(address)) return
    const output = yield* Output
    const message =
      `${address} is plain HTTP and no tailnet address: anyone on the way could read the token and take the session.`
    if (output.interactive) {
      yield* output.say(`t3: ${message}`)
      if (yield* Ask.confirm("Do you trust this network?")) return
    }
    return yield* new InsecureAddress({
      hint: "Use the machine's tailnet address or https; or, if you trust the network, add --insecure.",
      message: output.interactive ? "Nothing was sent." : message
    })
  })

/** How long the server has to confirm that a session which could not be kept has ended. */
const patience = "10 seconds"

/** A session that nobody holds must not live on. */
const discard = (session: Pair.PairedSession, fault: StoreFault) =>
  Effect.gen(function*() {
    const client = yield* T3Client.make(session)
    const ended = yield* client.session.signOut({}).pipe(Effect.timeout(patience), Effect.isSuccess)
    const address = session.connectionString
    return yield* new Unavailable({
      hint: ended
        ? "Put that right, and make a new link on the machine with `t3 auth pairing create`."
        : `End it on that machine: t3 auth session revoke ${session.sessionId}`,
      message: `${fault.message} The link is spent, and ${
        ended
          ? `the new session at ${address} was ended again.`
          : `${address} did not confirm the end of the new session.`
      }`
    })
  })

const pairAndSave = (target: Target.Target, label: string, earlier: ReadonlyArray<SavedEnvironment>) =>
  Effect.gen(function*() {
    const store = yield* EnvironmentStore
    const session = yield* Pair.pair(target.pair, {
      allowInsecure: true,
      device: { kind: "cli", label, os: process.platform },
      earlier
    })
    return yield* store.save({
      connectionString: session.connectionString,
      deviceId: session.deviceId,
      environmentId: session.environment.id,
      label: session.environment.label,
      pairedAt: yield* DateTime.now,
      role: session.role,
      scopes: session.scopes,
      sessionId: session.sessionId,
      token: session.token
    }).pipe(Effect.catchAll((fault) => discard(session, fault)))
  })

/** Runs to its end even if the person gives up: between exchange and file the session is in memory alone. */
const whole = <A, E, R>(exchange: Effect.Effect<A, E, R>) =>
  Effect.uninterruptibleMask((restore) =>
    Effect.gen(function*() {
      const output = yield* Output
      // A fiber of its own: within an uninterruptible one, its time limits could not end anything.
      const fiber = yield* Effect.forkDaemon(restore(exchange))
      return yield* restore(Fiber.join(fiber)).pipe(
        Effect.onInterrupt(() =>
          Effect.zipRight(
            output.say("t3: finishing what was begun, so that no session is lost; Ctrl-C again ends at once."),
            Fiber.await(fiber)
          )
        )
      )
    })
  )

const pair = (target: Target.Target, label: string) =>
  Effect.gen(function*() {
    const store = yield* EnvironmentStore
    const earlier = yield* store.list
    return yield* whole(pairAndSave(target, label, earlier))
  })

/** Pairs and saves; every question comes before anything is sent. */
export const run = (values: Values) =>
  Effect.gen(function*() {
    const output = yield* Output
    const label = yield* Settings.label("--label", values.label)
    const target = yield* Target.read(values)
    yield* allow(target.address, values.insecure)
    const saved = yield* pair(target, Option.getOrElse(label, () => Label.clean(hostname()))).pipe(
      Effect.provide([SavedEnvironments.layerWritable(values.baseDir), FetchHttpClient.layer])
    )
    if (values.json) return yield* printJson(SavedEnvironments.toJson(saved))
    yield* output.print(`Paired with ${Label.clean(saved.label)} as ${saved.role}. Saved as "${saved.name}".`)
  })
