/**
 * Which environment this is: an id that never changes, and a name that may.
 *
 * @since 0.1.0
 */
import * as SqlClient from "@effect/sql/SqlClient"
import { Secret } from "@t3/auth-core/Secret"
import type { EnvironmentName } from "@t3/protocol/Environment"
import { EnvironmentId } from "@t3/protocol/Ids"
import * as Label from "@t3/protocol/Label"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import { hostname } from "node:os"

const decodeRows = Schema.decodeUnknown(Schema.Array(Schema.Struct({ id: EnvironmentId, label: Schema.String })))

export class EnvironmentRecord extends Context.Tag("@t3/server/EnvironmentRecord")<
  EnvironmentRecord,
  EnvironmentName
>() {
  /** Reads the record, or makes it; `label` is the name from now on, and the host name the first one. */
  static readonly layer = (
    label: string | undefined
  ): Layer.Layer<EnvironmentRecord, never, SqlClient.SqlClient | Secret> =>
    Layer.effect(
      this,
      Effect.gen(function*() {
        const sql = yield* SqlClient.SqlClient
        const secret = yield* Secret
        const wanted = label === undefined ? "" : Label.clean(label)
        const [known] = yield* decodeRows(yield* sql`SELECT id, label FROM t3_environment`)
        if (known === undefined) {
          const first = { id: EnvironmentId.make(yield* secret.id), label: wanted || Label.clean(hostname()) || "t3" }
          yield* sql`INSERT INTO t3_environment ${sql.insert({ ...first, created_at: yield* Clock.currentTimeMillis })}`
          return first
        }
        return wanted === "" ? known : { id: known.id, label: wanted }
      }).pipe(Effect.orDie)
    )

  /** Writes the name down, if it is a new one. */
  static readonly keepLabel: Effect.Effect<void, never, EnvironmentRecord | SqlClient.SqlClient> = Effect.gen(
    function*() {
      const sql = yield* SqlClient.SqlClient
      const { id, label } = yield* EnvironmentRecord
      yield* sql`UPDATE t3_environment SET label = ${label} WHERE id = ${id} AND label <> ${label}`
    }
  ).pipe(Effect.orDie)
}
