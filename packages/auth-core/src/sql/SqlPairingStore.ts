/**
 * Pairings in SQL tables.
 *
 * @since 0.1.0
 */
import * as SqlClient from "@effect/sql/SqlClient"
import type { Actor } from "@t3/protocol/Actor"
import { Conflict, NotFound } from "@t3/protocol/Errors"
import { PairingId } from "@t3/protocol/Ids"
import * as Label from "@t3/protocol/Label"
import type { PageRequest } from "@t3/protocol/Page"
import type { PairingRequest } from "@t3/protocol/Pairing"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { AccessLog } from "../AccessLog.ts"
import type { Connections } from "../Connections.ts"
import type { FailureLimit } from "../FailureLimit.ts"
import { appendLog } from "../internal/logRow.ts"
import type { Secrets } from "../internal/newSession.ts"
import { conditions, toPage } from "../internal/page.ts"
import { decodeRows, encodeRow, type PairingRow, stateOf, toPairing } from "../internal/PairingRow.ts"
import { makeRedeem } from "../internal/redeem.ts"
import { grant, rightsOf } from "../internal/rights.ts"
import type { SessionMemory } from "../internal/SessionMemory.ts"
import { fromActor, type SessionRow, toSession } from "../internal/SessionRow.ts"
import { stored } from "../internal/stored.ts"
import { PairingStore } from "../PairingStore.ts"
import { Policy } from "../Policy.ts"
import { hash, Secret } from "../Secret.ts"

const make = Effect.gen(function*() {
  const sql = yield* SqlClient.SqlClient
  const secret = yield* Secret
  const policy = yield* Policy
  const log = yield* AccessLog
  const redeem = yield* makeRedeem

  const rowsOf = (rows: ReadonlyArray<unknown>) => Effect.orDie(decodeRows(rows))

  const issue = (actor: Actor, request: PairingRequest) =>
    Effect.gen(function*() {
      const now = yield* Clock.currentTimeMillis
      const scopes = yield* grant(policy, yield* rightsOf(sql, policy, actor, now), request)
      const token = yield* secret.pairingToken
      const row: PairingRow = {
        id: PairingId.make(yield* secret.id),
        token_hash: hash(token),
        label: Label.clean(request.label),
        role: request.role,
        scopes,
        state: "open",
        ...fromActor(actor),
        created_at: now,
        expires_at: now + request.ttl * 1000,
        ended_at: null,
        session_id: null,
        repeat_key_hash: null,
        repeat_fields_hash: null,
        expired_at: null
      }
      yield* sql`INSERT INTO t3_pairings ${sql.insert(encodeRow(row))}`
      yield* appendLog(sql, now, { actor, event: "pairing.issued", pairingId: row.id })
      return { expiresIn: request.ttl, pairing: toPairing(row, now), token }
    }).pipe(sql.withTransaction, Effect.tap(() => log.written), stored("PairingStore.issue"))

  const list = (page: PageRequest) =>
    Effect.gen(function*() {
      const now = yield* Clock.currentTimeMillis
      const open = page.all ? [] : [sql`state = 'open'`, sql`expired_at IS NULL`, sql`expires_at > ${now}`]
      const where = sql.and([...(yield* conditions(sql, page)), ...open])
      const rows = yield* rowsOf(
        yield* sql`SELECT * FROM t3_pairings WHERE ${where} ORDER BY created_at DESC, id DESC LIMIT ${page.limit + 1}`
      )
      return toPage(rows, page.limit, (row) => toPairing(row, now))
    }).pipe(stored("PairingStore.list"))

  const revoke = (actor: Actor, id: PairingId) =>
    Effect.gen(function*() {
      const now = yield* Clock.currentTimeMillis
      yield* rightsOf(sql, policy, actor, now)
      const [revoked] = yield* rowsOf(
        yield* sql`UPDATE t3_pairings SET state = 'revoked', ended_at = ${now}
          WHERE id = ${id} AND state = 'open' AND expired_at IS NULL AND expires_at > ${now} RETURNING *`
      )
      if (revoked === undefined) {
        const [row] = yield* rowsOf(yield* sql`SELECT * FROM t3_pairings WHERE id = ${id}`)
        if (row === undefined) {
          return yield* new NotFound({ hint: "See `t3 auth pairing list`.", message: `No link has the id ${id}.` })
        }
        return yield* new Conflict({
          hint: "See `t3 auth pairing list --all`; a session that came from it is ended with `t3 auth session revoke`.",
          message: `The link ${id} is ${stateOf(row, now)} already.`
        })
      }
      yield* appendLog(sql, now, { actor, event: "pairing.revoked", pairingId: id })
      return toPairing(revoked, now)
    }).pipe(sql.withTransaction, Effect.tap(() => log.written), stored("PairingStore.revoke"))

  const tell = <S>(to: (secrets: Secrets) => S) => (made: { readonly row: SessionRow; readonly secrets: Secrets }) =>
    Effect.map(Clock.currentTimeMillis, (now) => ({
      expiresIn: Math.floor((made.row.expires_at - now) / 1000),
      secrets: to(made.secrets),
      session: { ...toSession(made.row, now), current: true }
    }))

  return PairingStore.of({
    issue,
    list,
    redeem: (exchange) => Effect.flatMap(redeem("bearer", exchange), tell((secrets) => secrets.primary)),
    redeemForBrowser: (exchange) =>
      Effect.flatMap(
        redeem("browser", exchange),
        tell((secrets) => ({ cookie: secrets.cookie, storage: secrets.primary }))
      ),
    revoke
  })
})

/** Requires the `SessionMemory` that the session store of the same database shares. */
export const layer: Layer.Layer<
  PairingStore,
  never,
  SqlClient.SqlClient | SessionMemory | Secret | AccessLog | Connections | FailureLimit
> = Layer.effect(PairingStore, make)
