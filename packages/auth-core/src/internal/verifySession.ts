/** Checks what stands for a session: from memory once it was seen, renewing it as it goes. */
import * as SqlClient from "@effect/sql/SqlClient"
import {
  Conflict,
  type RateLimited,
  SessionExpired,
  type SessionRefusal,
  SessionRevoked,
  Unauthenticated,
  type Unavailable
} from "@t3/protocol/Errors"
import type { SessionId } from "@t3/protocol/Ids"
import type { Session } from "@t3/protocol/Session"
import * as Arr from "effect/Array"
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import * as Queue from "effect/Queue"
import type * as Redacted from "effect/Redacted"
import { AccessLog } from "../AccessLog.ts"
import { FailureLimit } from "../FailureLimit.ts"
import type { Halves } from "../PairingStore.ts"
import { Policy } from "../Policy.ts"
import * as Secret from "../Secret.ts"
import { appendLog } from "./logRow.ts"
import { expiryOf } from "./newSession.ts"
import { SessionMemory } from "./SessionMemory.ts"
import { decodeRows, deviceOf, isOver, type SessionRow, toSession } from "./SessionRow.ts"
import { stored } from "./stored.ts"

/** Rows of one transaction. */
const batch = 1000

const day = 86_400_000

/** A session is renewed many times a day; the log has the first of each day (UTC). */
const isLogged = (use: Use): boolean => Math.floor(use.before / day) !== Math.floor(use.row.last_used_at / day)

/** The use of a session, and when the one before it was. */
interface Use {
  readonly row: SessionRow
  readonly before: number
}

/** Writes the uses of sessions, many in one transaction, until the scope closes; what is left then is written too. */
const makeRenewals = Effect.gen(function*() {
  const sql = yield* SqlClient.SqlClient
  const log = yield* AccessLog
  const used = new Map<string, Use>()
  const wake = yield* Queue.sliding<void>(1)
  const writeOne = Effect.fnUntraced(function*(use: Use) {
    const { row } = use
    const renewed = yield* sql`UPDATE t3_sessions SET first_used_at = ${row.first_used_at},
      last_used_at = ${row.last_used_at}, expires_at = ${row.expires_at}
      WHERE id = ${row.id} AND revoked_at IS NULL AND expired_at IS NULL RETURNING id`
    if (renewed.length === 0 || !isLogged(use)) return
    yield* appendLog(sql, row.last_used_at, { device: deviceOf(row), event: "session.renewed", sessionId: row.id })
  })
  const write = (uses: ReadonlyArray<Use>) =>
    Effect.forEach(uses, writeOne, { discard: true }).pipe(
      sql.withTransaction,
      Effect.zipRight(log.written),
      stored("SessionStore.renew"),
      // Logged by `stored`. The next use of the session tries again after its interval.
      Effect.ignore
    )
  const writeAll = Effect.uninterruptible(Effect.suspend(() => {
    const rows = Array.from(used.values())
    used.clear()
    return Effect.forEach(Arr.chunksOf(rows, batch), write, { discard: true })
  }))
  yield* Effect.addFinalizer(() => writeAll)
  yield* Effect.forkScoped(Effect.interruptible(Effect.forever(Effect.zipRight(Queue.take(wake), writeAll))))
  return (row: SessionRow, before: number) => {
    used.set(row.id, { before: used.get(row.id)?.before ?? before, row })
    Queue.unsafeOffer(wake, undefined)
  }
})

/** The session that a token of the wanted kind names, if it is one. */
const named = (token: Redacted.Redacted, kind: Secret.Kind): Option.Option<string> =>
  Option.map(Option.filter(Secret.parse(token), (it) => it.kind === kind), (it) => it.id)

export const makeVerify = Effect.gen(function*() {
  const sql = yield* SqlClient.SqlClient
  const memory = yield* SessionMemory
  const policy = yield* Policy
  const log = yield* AccessLog
  const limit = yield* FailureLimit
  const noteUse = yield* makeRenewals
  const renewEvery = Duration.toMillis(policy.renewEvery)
  const sessions = new WeakMap<SessionRow, Session>()

  /** One answer for all that is not on file, and a count of them. */
  const refuseUnknown = (message: string): Effect.Effect<never, Unauthenticated | RateLimited> =>
    limit.count.pipe(
      Effect.tapError(({ _tag }) => log.refused({ event: "rate.limited", reason: _tag })),
      Effect.zipRight(Effect.suspend(() => {
        const refusal = new Unauthenticated({ message })
        return Effect.zipRight(log.refused({ event: "session.refused", reason: refusal._tag }), refusal)
      }))
    )

  const notOnFile = Effect.suspend(() => refuseUnknown("No session on file has this credential."))

  const refuse = (row: SessionRow, refusal: SessionExpired | SessionRevoked) =>
    Effect.zipRight(
      log.refused({ device: deviceOf(row), event: "session.refused", reason: refusal._tag, sessionId: row.id }),
      Effect.fail(refusal)
    )

  const find = (id: string): Effect.Effect<SessionRow | undefined, Unavailable> => {
    const known = memory.get(id)
    if (known !== undefined) return Effect.succeed(known)
    return sql`SELECT * FROM t3_sessions WHERE id = ${id}`.pipe(
      Effect.flatMap((rows) => Effect.orDie(decodeRows(rows))),
      stored("SessionStore.verify"),
      Effect.map(([row]) => row === undefined ? undefined : memory.remember(row))
    )
  }

  const renew = (row: SessionRow, now: number): SessionRow => {
    if (row.first_used_at !== null && now - row.last_used_at < renewEvery) return row
    const renewed: SessionRow = {
      ...row,
      first_used_at: row.first_used_at ?? now,
      last_used_at: now,
      expires_at: expiryOf(policy, now, row.ends_at)
    }
    memory.set(renewed)
    noteUse(renewed, row.last_used_at)
    return renewed
  }

  /** A row of a live session does not change, and so neither does what callers see of it. */
  const view = (row: SessionRow, now: number): Session => {
    const known = sessions.get(row)
    if (known !== undefined) return known
    const session = { ...toSession(row, now), current: true }
    sessions.set(row, session)
    return session
  }

  /** The end of a session, if it has come. */
  const endOf = (row: SessionRow, now: number): SessionExpired | SessionRevoked | undefined => {
    if (row.revoked_at !== null) return new SessionRevoked()
    return isOver(row, now) ? new SessionExpired() : undefined
  }

  /** The session as its use leaves it, unless its end has come: one that somebody put off holds no longer than it may. */
  const useOf = (row: SessionRow, now: number): Either.Either<Session, SessionExpired | SessionRevoked> => {
    const ended = endOf(row, now)
    if (ended !== undefined) return Either.left(ended)
    const used = renew(row, now)
    const endedBefore = endOf(used, now)
    return endedBefore === undefined ? Either.right(view(used, now)) : Either.left(endedBefore)
  }

  /** Compares first, so that a wrong secret for a real id learns nothing of the session's state. */
  const check = (id: string, proves: (row: SessionRow) => boolean) =>
    Effect.flatMap(
      find(id),
      (row) =>
        Effect.flatMap(
          Clock.currentTimeMillis,
          (now): Effect.Effect<Session, SessionRefusal | RateLimited> => {
            // A change may have come between the look-up and now.
            const current = memory.get(id) ?? row
            if (current === undefined || !proves(current)) return notOnFile
            return Either.match(useOf(current, now), {
              onLeft: (ended) => refuse(current, ended),
              onRight: (session) => Effect.succeed(session)
            })
          }
        )
    )

  const malformed = Effect.suspend(() => refuseUnknown("The credential is not one of this server's."))

  const verify = (token: Redacted.Redacted) =>
    Option.match(named(token, "bearer"), {
      onNone: () => malformed,
      onSome: (id) => check(id, (row) => row.kind === "bearer" && Secret.matches(token, row.secret_hash))
    })

  const verifyBrowser = (halves: Halves) =>
    Option.match(Option.all([named(halves.storage, "storage"), named(halves.cookie, "cookie")]), {
      onNone: () => malformed,
      onSome: ([id, other]): Effect.Effect<Session, SessionRefusal | Conflict | RateLimited | Unavailable> =>
        id === other
          ? check(id, (row) =>
            row.cookie_hash !== null && Secret.matches(halves.storage, row.secret_hash) &&
            Secret.matches(halves.cookie, row.cookie_hash))
          : new Conflict({
            hint: "Reload the page; if that does not help, pair this browser again.",
            message: "This browser holds halves of two sessions: two of its tabs paired at once."
          })
    })

  const current = (id: SessionId): Effect.Effect<Session, SessionRefusal | Unavailable> =>
    Effect.flatMap(
      find(id),
      (row) =>
        Effect.flatMap(Clock.currentTimeMillis, (now): Effect.Effect<Session, SessionRefusal> => {
          if (row === undefined) return new Unauthenticated()
          return useOf(row, now)
        })
    )

  return { current, verify, verifyBrowser }
})
