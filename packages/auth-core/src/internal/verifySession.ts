/** Checks what stands for a session: from memory once it was seen, renewing it as it goes. */
import * as SqlClient from "@effect/sql/SqlClient"
import {
  Conflict,
  SessionExpired,
  type SessionRefusal,
  SessionRevoked,
  Unauthenticated,
  type Unavailable
} from "@t3/protocol/Errors"
import type { Session } from "@t3/protocol/Session"
import * as Arr from "effect/Array"
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Queue from "effect/Queue"
import type * as Redacted from "effect/Redacted"
import type { Halves } from "../PairingStore.ts"
import { Policy } from "../Policy.ts"
import * as Secret from "../Secret.ts"
import { expiryOf } from "./newSession.ts"
import { SessionMemory } from "./SessionMemory.ts"
import { decodeRows, type SessionRow, toSession } from "./SessionRow.ts"
import { stored } from "./stored.ts"

/** Rows of one transaction. */
const batch = 1000

/** Writes the uses of sessions, many in one transaction, until the scope closes; what is left then is written too. */
const makeRenewals = Effect.gen(function*() {
  const sql = yield* SqlClient.SqlClient
  const used = new Map<string, SessionRow>()
  const wake = yield* Queue.sliding<void>(1)
  const write = (rows: ReadonlyArray<SessionRow>) =>
    Effect.forEach(
      rows,
      (row) =>
        sql`UPDATE t3_sessions SET first_used_at = ${row.first_used_at}, last_used_at = ${row.last_used_at},
        expires_at = ${row.expires_at} WHERE id = ${row.id} AND revoked_at IS NULL`,
      { discard: true }
    ).pipe(
      sql.withTransaction,
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
  return (row: SessionRow) => {
    used.set(row.id, row)
    Queue.unsafeOffer(wake, undefined)
  }
})

/** Reads a token of the wanted kind, or refuses. */
const named = (token: Redacted.Redacted, kind: Secret.Kind): Effect.Effect<string, Unauthenticated> =>
  Option.match(Option.filter(Secret.parse(token), (it) => it.kind === kind), {
    onNone: () => new Unauthenticated({ message: "The credential is not one of this server's." }),
    onSome: (it) => Effect.succeed(it.id)
  })

const unknown = () => new Unauthenticated({ message: "No session on file has this credential." })

export const makeVerify = Effect.gen(function*() {
  const sql = yield* SqlClient.SqlClient
  const memory = yield* SessionMemory
  const policy = yield* Policy
  const noteUse = yield* makeRenewals
  const renewEvery = Duration.toMillis(policy.renewEvery)
  const sessions = new WeakMap<SessionRow, Session>()

  const find = (id: string): Effect.Effect<SessionRow, SessionRefusal | Unavailable> => {
    const known = memory.get(id)
    if (known !== undefined) return Effect.succeed(known)
    return sql`SELECT * FROM t3_sessions WHERE id = ${id}`.pipe(
      Effect.flatMap((rows) => Effect.orDie(decodeRows(rows))),
      stored("SessionStore.verify"),
      Effect.flatMap(([row]) => row === undefined ? unknown() : Effect.succeed(memory.remember(row)))
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
    noteUse(renewed)
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

  /** Compares last, so that a wrong secret for a real id learns nothing of the session's state. */
  const check = (id: string, proves: (row: SessionRow) => boolean) =>
    Effect.flatMap(
      find(id),
      (row) =>
        Effect.flatMap(Clock.currentTimeMillis, (now): Effect.Effect<Session, SessionRefusal> => {
          // A change may have come between the look-up and now.
          const current = memory.get(id) ?? row
          if (!proves(current)) return unknown()
          if (current.revoked_at !== null) return new SessionRevoked()
          if (current.expires_at <= now) return new SessionExpired()
          return Effect.succeed(view(renew(current, now), now))
        })
    )

  const verify = Effect.fnUntraced(function*(token: Redacted.Redacted) {
    const id = yield* named(token, "bearer")
    return yield* check(id, (row) => row.kind === "bearer" && Secret.matches(token, row.secret_hash))
  })

  const verifyBrowser = Effect.fnUntraced(function*(halves: Halves) {
    const id = yield* named(halves.storage, "storage")
    if (id !== (yield* named(halves.cookie, "cookie"))) {
      return yield* new Conflict({
        hint: "Reload the page; if that does not help, pair this browser again.",
        message: "This browser holds halves of two sessions: two of its tabs paired at once."
      })
    }
    return yield* check(id, (row) =>
      row.cookie_hash !== null && Secret.matches(halves.storage, row.secret_hash) &&
      Secret.matches(halves.cookie, row.cookie_hash))
  })

  return { verify, verifyBrowser }
})
