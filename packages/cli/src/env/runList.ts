/**
 * `t3 env list`.
 *
 * @since 0.1.0
 */
import { EnvironmentStore } from "@t3/client/EnvironmentStore"
import * as Effect from "effect/Effect"
import type * as Option from "effect/Option"
import { Output, printJson } from "../Output.ts"
import * as Table from "../Table.ts"
import * as SavedEnvironments from "./SavedEnvironments.ts"

/** Shows what is saved; asks nobody. */
export const run = (flags: { readonly baseDir: Option.Option<string>; readonly json: boolean }) =>
  Effect.gen(function*() {
    const output = yield* Output
    const items = yield* Effect.flatMap(EnvironmentStore, (store) => store.list)
    if (flags.json) return yield* printJson({ items: items.map(SavedEnvironments.toJson) })
    if (items.length === 0) return yield* output.say("No environment is saved. Pair with one: t3 connect")
    yield* output.print(Table.render(
      ["NAME", "ROLE", "ADDRESS", "PAIRED"],
      items.map((item) => [item.name, item.role, item.connectionString, Table.time(item.pairedAt)])
    ))
  }).pipe(Effect.provide(SavedEnvironments.layer(flags.baseDir)))
