/** The exchange of a pairing token for a session: one transaction that begins with one conditional update. */
import * as SqlClient from "@effect/sql/SqlClient"
import {
  Invalid,
  PairingExpired,
  type PairingRefusal,
  PairingRevoked,
  PairingUnknown,
  PairingUsed,
  SessionRevoked
} from "@t3/protocol/Errors"
import type { Scope } from "@t3/protocol/Scope"
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import { AccessLog, type Decision } from "../AccessLog.ts"
import { Connections } from "../Connections.ts"
import { FailureLimit } from "../FailureLimit.ts"
import type { Exchange } from "../PairingStore.ts"
import { Policy } from "../Policy.ts"
import * as Secret from "../Secret.ts"
import { endSessions } from "./endSessions.ts"
import { appendLog } from "./logRow.ts"
import { hashesOf, mintSecrets, newSession, type Secrets } from "./newSession.ts"
import { decodeRows, type PairingRow, stateOf } from "./PairingRow.ts"
import { SessionMemory } from "./SessionMemory.ts"
import * as Sessions from "./SessionRow.ts"
import { stored } from "./stored.ts"

interface Outcome {
  readonly row: Sessions.SessionRow
  readonly secrets: Secrets
}

const refusals: Record<"open" | "used" | "revoked" | "expired", () => PairingRefusal> = {
  expired: () => new PairingExpired(),
  // Open when it was looked at, and taken before it could be had.
  open: () => new PairingUsed(),
  revoked: () => new PairingRevoked(),
  used: () => new PairingUsed()
}

/**
 * What two exchanges must agree in for the second to be a repetition of the first. The proof of an earlier session is
 * not part of it: a browser that lost the answer's body may already have its cookie.
 */
const fieldsHash = (kind: Sessions.SessionRow["kind"], exchange: Exchange): string =>
  Secret.hash(Redacted.make(JSON.stringify([
    kind,
    exchange.device.label ?? null,
    exchange.device.kind ?? null,
    exchange.device.os ?? null,
    exchange.device.browser ?? null,
    exchange.scopes ?? null
  ])))

/** A device may ask for less than the pairing gives. What it names beside that is ignored. */
const narrow = (pairing: PairingRow, wanted: ReadonlyArray<string> | undefined): ReadonlyArray<Scope> =>
  wanted === undefined ? pairing.scopes : pairing.scopes.filter((scope) => wanted.includes(scope))

export const makeRedeem = Effect.gen(function*() {
  const sql = yield* SqlClient.SqlClient
  const memory = yield* SessionMemory
  const secret = yield* Secret.Secret
  const policy = yield* Policy
  const log = yield* AccessLog
  const connections = yield* Connections
  const limit = yield* FailureLimit

  const pairingOf = (exchange: Exchange) =>
    Effect.map(
      Effect.flatMap(
        sql`SELECT * FROM t3_pairings WHERE token_hash = ${Secret.hash(exchange.token)}`,
        (rows) => Effect.orDie(decodeRows(rows))
      ),
      (rows) => Option.fromNullable(rows[0])
    )

  /** The device's earlier session, if the exchange proves that it had it; an expired one will do. */
  const earlierSession = Effect.fnUntraced(function*(exchange: Exchange) {
    const [primary, cookie] = exchange.earlier ?? []
    const id = primary === undefined ? undefined : Option.getOrUndefined(Secret.parse(primary))?.id
    if (primary === undefined || id === undefined) return undefined
    const [row] = yield* Effect.orDie(Sessions.decodeRows(yield* sql`SELECT * FROM t3_sessions WHERE id = ${id}`))
    if (row === undefined || row.revoked_at !== null || !Secret.matches(primary, row.secret_hash)) return undefined
    if (row.cookie_hash === null) return row
    return cookie !== undefined && Secret.matches(cookie, row.cookie_hash) ? row : undefined
  })

  /** The one that wins gets the session; every other caller gets nothing and has changed nothing. */
  const take = (
    pairing: PairingRow,
    kind: Sessions.SessionRow["kind"],
    exchange: Exchange,
    scopes: ReadonlyArray<Scope>
  ) =>
    Effect.gen(function*() {
      const now = yield* Clock.currentTimeMillis
      const issuedBy = Sessions.toActor(pairing)
      const made = yield* newSession(secret, policy, {
        device: exchange.device,
        issuedBy,
        kind,
        now,
        pairingId: pairing.id,
        role: pairing.role,
        scopes
      })
      const taken = yield* sql`UPDATE t3_pairings
        SET state = 'used', ended_at = ${now}, session_id = ${made.row.id},
          repeat_key_hash = ${exchange.idempotencyKey === undefined ? null : Secret.hash(exchange.idempotencyKey)},
          repeat_fields_hash = ${fieldsHash(kind, exchange)}
        WHERE id = ${pairing.id} AND state = 'open' AND expired_at IS NULL AND expires_at > ${now} RETURNING id`
      if (taken.length === 0) return Option.none()
      const earlier = yield* earlierSession(exchange)
      const row = earlier === undefined ? made.row : { ...made.row, device_id: earlier.device_id }
      const ended = yield* endSessions(sql, {
        actor: { kind: "session", sessionId: row.id },
        event: "session.replaced",
        ids: earlier === undefined ? [] : [earlier.id],
        now
      })
      yield* Sessions.insert(sql, row)
      yield* appendLog(sql, now, {
        actor: { kind: "session", sessionId: row.id },
        device: Sessions.deviceOf(row),
        event: "pairing.redeemed",
        pairingId: pairing.id,
        sessionId: row.id
      })
      return Option.some({ ended: ended.rows, outcome: { row, secrets: made.secrets } satisfies Outcome })
    }).pipe(
      sql.withTransaction,
      Effect.tap(Option.match({
        onNone: () => Effect.void,
        onSome: ({ ended, outcome }) =>
          Effect.suspend(() => {
            for (const row of [...ended, outcome.row]) memory.set(row)
            return connections.cut(ended.map((row) => row.id), new SessionRevoked())
          })
      })),
      Effect.map(Option.map(({ outcome }) => outcome))
    )

  /** The session of an exchange that `exchange` repeats, if it was never used. */
  const unused = (kind: Sessions.SessionRow["kind"], exchange: Exchange, pairing: PairingRow) =>
    Effect.gen(function*() {
      const now = yield* Clock.currentTimeMillis
      if (
        exchange.idempotencyKey === undefined || pairing.state !== "used" || pairing.session_id === null ||
        pairing.repeat_key_hash === null || !Secret.matches(exchange.idempotencyKey, pairing.repeat_key_hash) ||
        pairing.repeat_fields_hash !== fieldsHash(kind, exchange) ||
        now - (pairing.ended_at ?? 0) > Duration.toMillis(policy.repeatWithin)
      ) return undefined
      const [row] = yield* Effect.orDie(Sessions.decodeRows(
        yield* sql`SELECT * FROM t3_sessions WHERE id = ${pairing.session_id}`
      ))
      const known = row === undefined ? undefined : memory.remember(row)
      return known?.first_used_at === null && known.revoked_at === null ? known : undefined
    })

  /** A device that lost the answer asks again: it gets its session with fresh secrets. */
  const repeat = (kind: Sessions.SessionRow["kind"], exchange: Exchange, pairing: PairingRow) =>
    Effect.gen(function*() {
      const known = yield* unused(kind, exchange, pairing)
      if (known === undefined) return Option.none<Outcome>()
      const now = yield* Clock.currentTimeMillis
      const secrets = yield* mintSecrets(secret, kind, known.id)
      const row: Sessions.SessionRow = { ...known, ...hashesOf(kind, secrets) }
      if (memory.get(known.id) !== known) return Option.none<Outcome>()
      // From here on the first secret is refused, so that it cannot be used beside this.
      memory.set(row)
      const written =
        yield* sql`UPDATE t3_sessions SET secret_hash = ${row.secret_hash}, cookie_hash = ${row.cookie_hash}
        WHERE id = ${row.id} AND first_used_at IS NULL AND revoked_at IS NULL RETURNING id`.pipe(
          Effect.tap((rows) =>
            rows.length === 0 ? Effect.void : appendLog(sql, now, {
              actor: { kind: "session", sessionId: row.id },
              device: Sessions.deviceOf(row),
              event: "pairing.repeated",
              pairingId: pairing.id,
              sessionId: row.id
            })
          ),
          sql.withTransaction,
          Effect.onExit((exit) =>
            Effect.sync(() => {
              const done = Exit.isSuccess(exit) && exit.value.length > 0
              if (!done && memory.get(row.id) === row) memory.set(known)
            })
          )
        )
      return written.length === 0 ? Option.none<Outcome>() : Option.some<Outcome>({ row, secrets })
    })

  /** The session that a used link became: owners are told which device it was. */
  const userOf = (pairing: PairingRow) =>
    Effect.map(
      pairing.session_id === null
        ? Effect.succeed([])
        : Effect.flatMap(
          sql`SELECT * FROM t3_sessions WHERE id = ${pairing.session_id}`,
          (rows) => Effect.orDie(Sessions.decodeRows(rows))
        ),
      ([row]): Partial<Decision> => row === undefined ? {} : { device: Sessions.deviceOf(row), sessionId: row.id }
    )

  const refuse = <E extends PairingRefusal | Invalid>(refusal: E, about: Partial<Decision> = {}) =>
    Effect.zipRight(
      log.refused({ event: "pairing.refused", reason: refusal._tag, ...about }),
      Effect.fail(refusal)
    )

  /** Only tokens that are on file get further than this, whatever others did before. */
  const refuseUnknown = Effect.zipRight(
    Effect.tapError(limit.count, ({ _tag }) => log.refused({ event: "rate.limited", reason: _tag })),
    Effect.suspend(() => refuse(new PairingUnknown()))
  )

  const exchangeFor = (kind: Sessions.SessionRow["kind"], exchange: Exchange) =>
    Effect.gen(function*() {
      const found = yield* pairingOf(exchange)
      if (Option.isNone(found)) return yield* refuseUnknown
      const pairing = found.value
      const scopes = narrow(pairing, exchange.scopes)
      const open = stateOf(pairing, yield* Clock.currentTimeMillis) === "open"
      if (open && scopes.length === 0) {
        return yield* refuse(
          new Invalid({
            hint: `It gives: ${pairing.scopes.join(", ")}. The link still works.`,
            message: "This link gives none of the scopes asked for."
          }),
          { pairingId: pairing.id }
        )
      }
      const taken = open ? yield* take(pairing, kind, exchange, scopes) : Option.none()
      if (Option.isSome(taken)) return taken.value
      const after = Option.getOrElse(yield* pairingOf(exchange), () => pairing)
      const again = yield* repeat(kind, exchange, after)
      if (Option.isSome(again)) return again.value
      const refusal = refusals[stateOf(after, yield* Clock.currentTimeMillis)]()
      return yield* refuse(refusal, { pairingId: pairing.id, ...(yield* userOf(after)) })
    })

  return (kind: Sessions.SessionRow["kind"], exchange: Exchange) =>
    exchangeFor(kind, exchange).pipe(Effect.tap(() => log.written), stored("PairingStore.redeem"))
})
