/** A program, one of several at once: saves `count` environments whose ids start with `prefix` in `file`. */
import { Effect } from "effect"
import { EnvironmentStore } from "../src/EnvironmentStore.ts"
import * as FileEnvironmentStore from "../src/node/FileEnvironmentStore.ts"
import { environment } from "./environment.ts"

const [file = "", prefix = "", count] = process.argv.slice(2)

await Effect.runPromise(
  Effect.gen(function*() {
    const store = yield* EnvironmentStore
    for (let n = 0; n < Number(count); n++) yield* store.save(environment(`${prefix}${String(n).padStart(3, "0")}`))
  }).pipe(Effect.provide(FileEnvironmentStore.layer({ file })))
)
