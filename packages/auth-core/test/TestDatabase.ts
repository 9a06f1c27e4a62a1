/** A real SQLite file in a folder of its own, with the tables of auth-core, removed with the scope. */
import * as SqliteClient from "@effect/sql-sqlite-node/SqliteClient"
import * as SqlClient from "@effect/sql/SqlClient"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as AuthMigrations from "../src/sql/AuthMigrations.ts"
import * as SqlStores from "../src/sql/SqlStores.ts"

/** Opens `filename` as the server does. */
export const layerFile = (filename: string) =>
  Layer.effectDiscard(Effect.gen(function*() {
    const sql = yield* SqlClient.SqlClient
    yield* sql`PRAGMA synchronous = FULL`
    yield* sql`PRAGMA foreign_keys = ON`
    yield* AuthMigrations.migrate
  })).pipe(Layer.provideMerge(SqliteClient.layer({ filename })))

const temporary = Effect.acquireRelease(
  Effect.sync(() => mkdtempSync(join(tmpdir(), "t3-auth-"))),
  (folder) => Effect.sync(() => rmSync(folder, { force: true, recursive: true }))
)

/** A path for a database in a folder that goes with the scope. */
export const temporaryFile = Effect.map(temporary, (folder) => join(folder, "t3.db"))

/** The client alone. */
export const layer = Layer.unwrapScoped(Effect.map(temporaryFile, layerFile))

/** The client and every store over it, as a server has them. */
export const layerStores = Layer.provideMerge(SqlStores.layerServer, layer)

/** The same over `filename`. */
export const layerFileStores = (filename: string) => Layer.provideMerge(SqlStores.layerServer, layerFile(filename))
