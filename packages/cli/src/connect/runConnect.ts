/**
 * `t3 connect`.
 *
 * @since 0.1.0
 */
import * as FetchHttpClient from "@effect/platform/FetchHttpClient"
import { EnvironmentStore } from "@t3/client/EnvironmentStore"
import * as Pair from "@t3/client/Pair"
import * as SecureAddress from "@t3/client/SecureAddress"
import type { ConnectionString } from "@t3/protocol/ConnectionString"
import { InsecureAddress } from "@t3/protocol/Errors"
import * as Label from "@t3/protocol/Label"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { hostname } from "node:os"
import * as SavedEnvironments from "../env/SavedEnvironments.ts"
import { Output, printJson } from "../Output.ts"
import * as Settings from "../Settings.ts"
import * as Ask from "./Ask.ts"
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

const pair = (target: Target.Target, label: string) =>
  Effect.gen(function*() {
    const store = yield* EnvironmentStore
    const session = yield* Pair.pair(target.pair, {
      allowInsecure: true,
      device: { kind: "cli", label, os: process.platform },
      earlier: yield* store.list
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
      token: session.token,
      ...(session.pin === undefined ? {} : { pin: session.pin })
    })
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
