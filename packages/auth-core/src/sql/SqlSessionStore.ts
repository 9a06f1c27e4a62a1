/**
 * Sessions in SQL tables, with what was seen of them in memory.
 *
 * @since 0.1.0
 */
import * as SqlClient from "@effect/sql/SqlClient"
import type { Actor } from "@t3/protocol/Actor"
import { NotFound } from "@t3/protocol/Errors"
import type { SessionId } from "@t3/protocol/Ids"
import * as Label from "@t3/protocol/Label"
import type { PageRequest } from "@t3/protocol/Page"
import type { SessionRequest } from "@t3/protocol/Session"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { endSessions } from "../internal/endSessions.ts"
import { appendLog } from "../internal/logRow.ts"
import { newSession } from "../internal/newSession.ts"
import { conditions, toPage } from "../internal/page.ts"
import { grant, rightsOf } from "../internal/rights.ts"
import { SessionMemory } from "../internal/SessionMemory.ts"
import { decodeRows, insert, type SessionRow, toSession } from "../internal/SessionRow.ts"
import { stored } from "../internal/stored.ts"
import { makeVerify } from "../internal/verifySession.ts"
import { Policy } from "../Policy.ts"
import { Secret } from "../Secret.ts"
import { SessionStore } from "../SessionStore.ts"

const notFound = (id: SessionId) =>
  new NotFound({ hint: "See `t3 auth session list`.", message: `No live session has the id ${id}.` })

const make = Effect.gen(function*() {
  const sql = yield* SqlClient.SqlClient
  const memory = yield* SessionMemory
  const secret = yield* Secret
  const policy = yield* Policy
  const { verify, verifyBrowser } = yield* makeVerify

  const rowsOf = (rows: ReadonlyArray<unknown>) => Effect.orDie(decodeRows(rows))

  const issue = (actor: Actor, request: SessionRequest) =>
    Effect.gen(function*() {
      const now = yield* Clock.currentTimeMillis
      const rights = yield* rightsOf(sql, policy, actor, now)
      const scopes = yield* grant(policy, rights, request)
      const made = yield* newSession(secret, policy, {
        device: request.device,
        issuedBy: actor,
        kind: "bearer",
        now,
        role: request.role,
        scopes,
        ...(request.ttl === undefined ? {} : { endsAt: now + request.ttl * 1000 })
      })
      yield* insert(sql, made.row)
      yield* appendLog(sql, now, { actor, event: "session.issued", sessionId: made.row.id })
      return {
        expiresIn: Math.floor((made.row.expires_at - now) / 1000),
        session: toSession(made.row, now),
        token: made.secrets.primary
      }
    }).pipe(sql.withTransaction, stored("SessionStore.issue"))

  const list = (page: PageRequest) =>
    Effect.gen(function*() {
      const now = yield* Clock.currentTimeMillis
      const live = page.all ? [] : [sql`revoked_at IS NULL`, sql`expires_at > ${now}`]
      const where = sql.and([...(yield* conditions(sql, page)), ...live])
      const rows = yield* rowsOf(
        yield* sql`SELECT * FROM t3_sessions WHERE ${where} ORDER BY created_at DESC, id DESC LIMIT ${page.limit + 1}`
      )
      return toPage(rows, page.limit, (row) => toSession(row, now))
    }).pipe(stored("SessionStore.list"))

  const rename = (actor: Actor, id: SessionId, label: string) =>
    Effect.gen(function*() {
      const now = yield* Clock.currentTimeMillis
      yield* rightsOf(sql, policy, actor, now)
      const cleaned = Label.clean(label)
      const [row] = yield* rowsOf(
        yield* sql`UPDATE t3_sessions SET device_label = ${cleaned === "" ? sql`'unnamed ' || device_kind` : cleaned}
          WHERE id = ${id} AND revoked_at IS NULL AND expires_at > ${now} RETURNING *`
      )
      if (row === undefined) return yield* notFound(id)
      yield* appendLog(sql, now, { actor, event: "session.renamed", sessionId: id })
      return { now, row }
    }).pipe(
      sql.withTransaction,
      Effect.tap(({ row }) =>
        // What memory knows of the session's use may be newer than the table.
        Effect.sync(() => memory.set({ ...(memory.get(id) ?? row), device_label: row.device_label }))
      ),
      Effect.map(({ now, row }) => toSession(row, now)),
      stored("SessionStore.rename")
    )

  /** Ends what `choose` finds, in one transaction with the check of the actor. */
  const end = <E>(actor: Actor, choose: (now: number) => Effect.Effect<ReadonlyArray<SessionId>, E>) =>
    Effect.gen(function*() {
      const now = yield* Clock.currentTimeMillis
      yield* rightsOf(sql, policy, actor, now)
      return yield* endSessions(sql, { actor, event: "session.revoked", ids: yield* choose(now), now })
    }).pipe(
      sql.withTransaction,
      Effect.tap(({ rows }) => Effect.sync(() => rows.forEach((row) => memory.set(row))))
    )

  const toRevocation = (
    ended: { readonly links: number; readonly rows: ReadonlyArray<SessionRow>; readonly staying: number }
  ) => ({
    linksRevoked: ended.links,
    sessions: ended.rows.map((row) => row.id),
    sessionsPairedFromThem: ended.staying
  })

  const revoke = (actor: Actor, id: SessionId) =>
    end(actor, () => Effect.succeed([id])).pipe(
      Effect.filterOrFail((ended) => ended.rows.length > 0, () => notFound(id)),
      Effect.map(toRevocation),
      stored("SessionStore.revoke")
    )

  const revokeOthers = (own: SessionId) =>
    end({ kind: "session", sessionId: own }, (now) =>
      Effect.map(
        sql<{ readonly id: SessionId }>`SELECT id FROM t3_sessions
          WHERE revoked_at IS NULL AND expires_at > ${now} AND id <> ${own}`,
        (rows) => rows.map((row) => row.id)
      )).pipe(Effect.map(toRevocation), stored("SessionStore.revokeOthers"))

  return SessionStore.of({ issue, list, rename, revoke, revokeOthers, verify, verifyBrowser })
})

/** Requires the `SessionMemory` that the pairing store of the same database shares. */
export const layer: Layer.Layer<SessionStore, never, SqlClient.SqlClient | SessionMemory | Secret> = Layer.scoped(
  SessionStore,
  make
)
