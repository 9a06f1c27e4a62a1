/**
 * The folders that paired devices may work in.
 *
 * @since 0.1.0
 */
import * as SqlClient from "@effect/sql/SqlClient"
import { Secret } from "@t3/auth-core/Secret"
import * as Label from "@t3/protocol/Label"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as fs from "node:fs"
import { basename } from "node:path"
import { FolderRefused } from "./StartError.ts"

/** The folder behind `path`, links followed (`FolderRefused`). */
export const resolveFolder = (path: string): Effect.Effect<string, FolderRefused> =>
  Effect.try({
    try: () => fs.realpathSync(path),
    catch: () =>
      new FolderRefused({
        hint: "Name an existing folder, or none for no project.",
        message: `There is no folder ${path}.`
      })
  }).pipe(
    Effect.filterOrFail(
      (real) => fs.statSync(real).isDirectory(),
      () => new FolderRefused({ hint: "Name the folder it lies in.", message: `${path} is not a folder.` })
    )
  )

/** A folder that paired devices may work in. */
export interface Project {
  readonly id: string
  readonly path: string
  readonly title: string
}

export class ProjectStore extends Context.Tag("@t3/server/ProjectStore")<ProjectStore, {
  /** Makes `folder` a project, and gives it, unless it is one already (`FolderRefused`). */
  readonly ensure: (folder: string) => Effect.Effect<Option.Option<Project>, FolderRefused>
}>() {
  static readonly layer: Layer.Layer<ProjectStore, never, SqlClient.SqlClient | Secret> = Layer.effect(
    this,
    Effect.gen(function*() {
      const sql = yield* SqlClient.SqlClient
      const secret = yield* Secret
      return ProjectStore.of({
        ensure: Effect.fn("ProjectStore.ensure")(function*(folder) {
          const path = yield* resolveFolder(folder)
          const project = { id: yield* secret.id, path, title: Label.clean(basename(path)) || path }
          const row = { ...project, created_at: yield* Clock.currentTimeMillis }
          const added = yield* Effect.orDie(
            sql`INSERT INTO t3_projects ${sql.insert(row)} ON CONFLICT (path) DO NOTHING RETURNING id`
          )
          return added.length === 0 ? Option.none() : Option.some(project)
        })
      })
    })
  )
}
