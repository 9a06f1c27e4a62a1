/**
 * `t3 env rename`.
 *
 * @since 0.1.0
 */
import { EnvironmentStore } from "@t3/client/EnvironmentStore"
import * as Label from "@t3/protocol/Label"
import * as Effect from "effect/Effect"
import type * as Option from "effect/Option"
import { Output, printJson } from "../Output.ts"
import * as SavedEnvironments from "./SavedEnvironments.ts"

interface Values {
  readonly name: string
  readonly newName: string
  readonly baseDir: Option.Option<string>
  readonly json: boolean
}

/** Changes the name here; the other side keeps its label. */
export const run = (values: Values) =>
  Effect.gen(function*() {
    const output = yield* Output
    const store = yield* EnvironmentStore
    const renamed = yield* store.rename(values.name, values.newName)
    if (values.json) return yield* printJson(SavedEnvironments.toJson(renamed))
    yield* output.print(`Renamed "${Label.clean(values.name)}" to "${renamed.name}".`)
  }).pipe(Effect.provide(SavedEnvironments.layer(values.baseDir)))
