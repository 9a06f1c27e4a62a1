/** Lists by creation, newest first, in pages that stay right while rows come and go. */
import type * as SqlClient from "@effect/sql/SqlClient"
import type * as Statement from "@effect/sql/Statement"
import { Invalid } from "@t3/protocol/Errors"
import type { Page, PageRequest } from "@t3/protocol/Page"
import * as Effect from "effect/Effect"

interface Keyed {
  readonly id: string
  readonly created_at: number
}

const cursorOf = (row: Keyed) => `${row.created_at}-${row.id}`

/** The conditions of a page, and of nothing else. */
export const conditions = (
  sql: SqlClient.SqlClient,
  page: PageRequest
): Effect.Effect<ReadonlyArray<Statement.Fragment>, Invalid> => {
  const prefix = page.prefix === undefined ? [] : [sql`substr(id, 1, ${page.prefix.length}) = ${page.prefix}`]
  if (page.cursor === undefined) return Effect.succeed(prefix)
  const [, at, id] = /^(\d{1,16})-([0-9a-z]{12})$/.exec(page.cursor) ?? []
  return at === undefined || id === undefined
    ? new Invalid({ hint: "Use `next` of the page before as it is.", message: "The cursor is malformed." })
    : Effect.succeed([...prefix, sql`(created_at < ${Number(at)} OR (created_at = ${Number(at)} AND id < ${id}))`])
}

/** Cuts the one row too many that was asked for, and says where to go on. */
export const toPage = <Row extends Keyed, A>(
  rows: ReadonlyArray<Row>,
  limit: number,
  f: (row: Row) => A
): Page<A> => {
  const shown = rows.slice(0, limit)
  const last = shown.at(-1)
  const items = shown.map(f)
  return rows.length > limit && last !== undefined ? { items, next: cursorOf(last) } : { items }
}
