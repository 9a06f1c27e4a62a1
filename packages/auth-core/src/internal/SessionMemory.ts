/**
 * What the process knows of the sessions it has seen. A check reads it and nothing else; every change is told to it
 * before the change is acknowledged. An ended session stays in it, so that a slow first look-up cannot bring it back.
 */
import * as Context from "effect/Context"
import * as Layer from "effect/Layer"
import type { SessionRow } from "./SessionRow.ts"

export class SessionMemory extends Context.Tag("@t3/auth-core/SessionMemory")<SessionMemory, {
  readonly get: (id: string) => SessionRow | undefined
  /** Every session that is known and has not been revoked. */
  readonly unrevoked: () => ReadonlyArray<SessionRow>
  /** What a change left behind; overrides what was known, but for an end, which is final. */
  readonly set: (row: SessionRow) => void
  /** What a look-up found; never overrides what is known. */
  readonly remember: (row: SessionRow) => SessionRow
}>() {
  static readonly layer: Layer.Layer<SessionMemory> = Layer.sync(this, () => {
    const rows = new Map<string, SessionRow>()
    return SessionMemory.of({
      get: (id) => rows.get(id),
      set: (row) => {
        const ended = row.revoked_at === null && (rows.get(row.id)?.revoked_at ?? null) !== null
        if (!ended) rows.set(row.id, row)
      },
      remember: (row) => {
        const known = rows.get(row.id)
        if (known !== undefined) return known
        rows.set(row.id, row)
        return row
      },
      unrevoked: () => Array.from(rows.values()).filter((row) => row.revoked_at === null)
    })
  })
}
