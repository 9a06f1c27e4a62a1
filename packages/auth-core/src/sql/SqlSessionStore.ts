/**
 * Sessions in SQL tables, with what was seen of them in memory.
 *
 * @since 0.1.0
 */
import * as SqlClient from "@effect/sql/SqlClient"
import type { Actor } from "@t3/protocol/Actor"
import { NotFound, SessionRevoked } from "@t3/protocol/Errors"
import type { SessionId } from "@t3/protocol/Ids"
import * as Label from "@t3/protocol/Label"
import type { PageRequest } from "@t3/protocol/Page"
import type { RevokeRequest, SessionRequest } from "@t3/protocol/Session"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { AccessLog } from "../AccessLog.ts"
import { Connections } from "../Connections.ts"
import type { FailureLimit } from "../FailureLimit.ts"
import { endSessions } from "../internal/endSessions.ts"
import { appendLog } from "../internal/logRow.ts"
import { newSession } from "../internal/newSession.ts"
import { conditions, toPage } from "../internal/page.ts"
import { grant, rightsOf } from "../internal/rights.ts"
import { SessionMemory } from "../internal/SessionMemory.ts"
import { decodeRows, deviceOf, insert, toSession } from "../internal/SessionRow.ts"
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
  const log = yield* AccessLog
  const connections = yield* Connections
  const { current, verify, verifyBrowser } = yield* makeVerify

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
      yield* appendLog(sql, now, {
        actor,
        device: deviceOf(made.row),
        event: "session.issued",
        sessionId: made.row.id
      })
      return {
        expiresIn: Math.floor((made.row.expires_at - now) / 1000),
        session: toSession(made.row, now),
        token: made.secrets.primary
      }
    }).pipe(sql.withTransaction, Effect.tap(() => log.written), stored("SessionStore.issue"))

  const list = (page: PageRequest) =>
    Effect.gen(function*() {
      const now = yield* Clock.currentTimeMillis
      const live = page.all ? [] : [sql`revoked_at IS NULL`, sql`expired_at IS NULL`, sql`expires_at > ${now}`]
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
          WHERE id = ${id} AND revoked_at IS NULL AND expired_at IS NULL AND expires_at > ${now} RETURNING *`
      )
      if (row === undefined) return yield* notFound(id)
      yield* appendLog(sql, now, { actor, device: deviceOf(row), event: "session.renamed", sessionId: id })
      return { now, row }
    }).pipe(
      sql.withTransaction,
      Effect.tap(({ row }) =>
        // What memory knows of the session's use may be newer than the table.
        Effect.sync(() => memory.set({ ...(memory.get(id) ?? row), device_label: row.device_label }))
      ),
      Effect.tap(() => log.written),
      Effect.map(({ now, row }) => toSession(row, now)),
      stored("SessionStore.rename")
    )

  /**
   * Ends what `choose` finds: on the disk, in one transaction with the check of the actor, then in memory, then on the
   * wire. Only then are others told, and the caller answered.
   */
  const end = <E>(actor: Actor, choose: (now: number) => Effect.Effect<ReadonlyArray<SessionId>, E>) =>
    Effect.gen(function*() {
      const now = yield* Clock.currentTimeMillis
      yield* rightsOf(sql, policy, actor, now)
      return yield* endSessions(sql, { actor, event: "session.revoked", ids: yield* choose(now), now })
    }).pipe(
      sql.withTransaction,
      Effect.flatMap((ended) => {
        for (const row of ended.rows) memory.set(row)
        const ids = ended.rows.map((row) => row.id)
        return Effect.map(connections.cut(ids, new SessionRevoked()), (connectionsClosed) => ({
          connectionsClosed,
          linksRevoked: ended.links,
          sessions: ids,
          sessionsPairedFromThem: ended.staying
        }))
      }),
      Effect.tap(() => log.written)
    )

  const idsOf = (rows: ReadonlyArray<{ readonly id: SessionId }>) => rows.map((row) => row.id)

  /** The session, and all that came from it: paired from its links, issued by it, and so on. */
  const withIssued = (id: SessionId) =>
    Effect.map(
      sql<{ readonly id: SessionId }>`WITH RECURSIVE came (id) AS (
        SELECT id FROM t3_sessions WHERE id = ${id}
        UNION SELECT s.id FROM t3_sessions s JOIN came ON s.issued_by_session = came.id
      ) SELECT id FROM came`,
      idsOf
    )

  const revoke = (actor: Actor, id: SessionId, request?: RevokeRequest) =>
    end(actor, () => request?.withIssued === true ? withIssued(id) : Effect.succeed([id])).pipe(
      Effect.filterOrFail((ended) => ended.sessions.length > 0, () => notFound(id)),
      stored("SessionStore.revoke")
    )

  const live = (now: number) =>
    Effect.map(
      sql<{ readonly id: SessionId }>`SELECT id FROM t3_sessions
        WHERE revoked_at IS NULL AND expired_at IS NULL AND expires_at > ${now}`,
      idsOf
    )

  const revokeAll = (actor: Actor) => end(actor, live).pipe(stored("SessionStore.revokeAll"))

  const revokeOthers = (own: SessionId) =>
    end(
      { kind: "session", sessionId: own },
      (now) => Effect.map(live(now), (ids) => ids.filter((id) => id !== own))
    ).pipe(stored("SessionStore.revokeOthers"))

  return SessionStore.of({ current, issue, list, rename, revoke, revokeAll, revokeOthers, verify, verifyBrowser })
})

/** Requires the `SessionMemory` that the pairing store of the same database shares. */
export const layer: Layer.Layer<
  SessionStore,
  never,
  SqlClient.SqlClient | SessionMemory | Secret | AccessLog | Connections | FailureLimit
> = Layer.scoped(SessionStore, make)
