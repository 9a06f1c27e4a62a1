/** What must be so of links and sessions, said a second time and simply; and a run of operations that compares the two. */
import * as SqlClient from "@effect/sql/SqlClient"
import { assert } from "@effect/vitest"
import type { Actor } from "@t3/protocol/Actor"
import type { PairingId, SessionId } from "@t3/protocol/Ids"
import { builtIn, ofRole, type Role, type Scope } from "@t3/protocol/Scope"
import { Clock, Duration, Effect, Either, Redacted } from "effect"
import type { Operation } from "./Operations.ts"
import { as, leap, open, startup } from "./Stores.ts"

/** Whether every scope of `part` is in `whole`. */
const isSubset = (part: ReadonlyArray<Scope>, whole: ReadonlyArray<Scope>): boolean =>
  part.every((scope) => whole.includes(scope))

const second = 1000
const minute = 60 * second
const day = 86_400 * second

interface ModelSession {
  readonly id: SessionId
  readonly role: Role
  readonly scopes: ReadonlyArray<Scope>
  readonly endsAt: number
  secret: Redacted.Redacted
  /** Secrets that a repeated exchange replaced. */
  readonly dead: Array<Redacted.Redacted>
  revoked: boolean
  used: boolean
  usedAt: number
}

interface ModelLink {
  readonly id: PairingId
  readonly token: Redacted.Redacted
  readonly role: Role
  readonly scopes: ReadonlyArray<Scope>
  readonly issuer: ModelSession | undefined
  readonly expiresAt: number
  revoked: boolean
  use?: { readonly at: number; readonly fields: string; readonly session: ModelSession }
}

type Redeem = Extract<Operation, { readonly op: "redeem" }>

/** Counted from the newest. */
const pick = <A>(all: ReadonlyArray<A>, index: number): A | undefined =>
  all.length === 0 ? undefined : all[all.length - 1 - (index % all.length)]

const expiryOf = (session: ModelSession): number => Math.min(session.usedAt + 30 * day, session.endsAt)

const isLive = (session: ModelSession, now: number): boolean => !session.revoked && now < expiryOf(session)

const isOpen = (link: ModelLink, now: number): boolean =>
  !link.revoked && link.use === undefined && now < link.expiresAt

/** What the issuer may give, or nothing. */
const mayGive = (
  issuer: ModelSession | undefined,
  { role, scopes }: { readonly role: Role; readonly scopes?: ReadonlyArray<Scope> | undefined },
  now: number
): ReadonlyArray<Scope> | undefined => {
  if (issuer !== undefined && !isLive(issuer, now)) return undefined
  const asked = scopes === undefined ? ofRole(role) : builtIn.filter((scope) => scopes.includes(scope))
  const within = asked.length > 0 && isSubset(asked, ofRole(role)) && isSubset(asked, issuer?.scopes ?? builtIn) &&
    isSubset(ofRole(role), ofRole(issuer?.role ?? "owner"))
  return within ? asked : undefined
}

/** No power is cut here, so nothing waits for the disk. */
const openFast = (filename: string) =>
  Effect.tap(
    open(filename),
    (stores) => stores.run(Effect.flatMap(SqlClient.SqlClient, (sql) => sql`PRAGMA synchronous = OFF`))
  )

/** A database, what the model believes of it, and each operation on both. */
export const makeRun = (filename: string) =>
  Effect.gen(function*() {
    let stores = yield* openFast(filename)
    const links: Array<ModelLink> = []
    const sessions: Array<ModelSession> = []
    let last: Redeem | undefined

    const actorOf = (index: number | undefined): readonly [ModelSession | undefined, Actor] => {
      const session = index === undefined ? undefined : pick(sessions, index)
      return [session, session === undefined ? startup : as(session)]
    }

    const revokeWithLinks = (ended: ReadonlyArray<ModelSession>, now: number): number => {
      for (const session of ended) session.revoked = true
      const orphans = links.filter((link) =>
        link.issuer !== undefined && ended.includes(link.issuer) && isOpen(link, now)
      )
      for (const link of orphans) link.revoked = true
      return orphans.length
    }

    const redeem = Effect.fnUntraced(function*(operation: Redeem, now: number) {
      const link = pick(links, operation.link)
      if (link === undefined) return
      last = operation
      const { earlier: index, key, scopes } = operation
      const earlier = index === undefined ? undefined : pick(sessions, index)
      const fields = JSON.stringify([key, scopes])
      const granted = scopes === undefined ? link.scopes : link.scopes.filter((scope) => scopes.includes(scope))
      const repeated = key !== undefined && link.use?.fields === fields && now - link.use.at <= minute &&
          !link.use.session.used && !link.use.session.revoked
        ? link.use.session
        : undefined
      const result = yield* Effect.either(stores.pairings.redeem({
        device: {},
        token: link.token,
        ...(earlier === undefined ? {} : { earlier: [earlier.secret] }),
        ...(key === undefined ? {} : { idempotencyKey: Redacted.make(key) }),
        ...(scopes === undefined ? {} : { scopes })
      }))
      assert.strictEqual(Either.isRight(result), repeated !== undefined || (isOpen(link, now) && granted.length > 0))
      if (Either.isLeft(result)) return
      const { secrets, session } = result.right
      assert.isTrue(isSubset(session.scopes, link.scopes))
      if (repeated !== undefined) {
        assert.strictEqual(session.id, repeated.id)
        repeated.dead.push(repeated.secret)
        repeated.secret = secrets
        return
      }
      assert.deepStrictEqual(session.scopes, granted)
      const made = {
        dead: [],
        endsAt: Number.POSITIVE_INFINITY,
        id: session.id,
        revoked: false,
        role: session.role,
        scopes: session.scopes,
        secret: secrets,
        used: false,
        usedAt: now
      }
      if (earlier !== undefined && !earlier.revoked) revokeWithLinks([earlier], now)
      sessions.push(made)
      link.use = { at: now, fields, session: made }
    })

    const use = Effect.fnUntraced(function*(session: ModelSession, now: number) {
      for (const secret of session.dead)
        assert.isTrue(Either.isLeft(yield* Effect.either(stores.sessions.verify(secret))))
      const result = yield* Effect.either(stores.sessions.verify(session.secret))
      assert.strictEqual(Either.isRight(result), isLive(session, now))
      if (Either.isLeft(result))
        return
      assert.deepStrictEqual(result.right.scopes, session.scopes)
      if (!session.used || now - session.usedAt >= 10 * minute) Object.assign(session, { used: true, usedAt: now })
    })

    const step = Effect.fnUntraced(function*(operation: Operation) {
      const now = yield* Clock.currentTimeMillis
      switch (operation.op) {
        case "issueLink": {
          const [issuer, actor] = actorOf(operation.actor)
          const { role, scopes, ttl } = operation
          const given = mayGive(issuer, operation, now)
          const result = yield* Effect.either(
            stores.pairings.issue(actor, { label: "", role, ttl, ...(scopes === undefined ? {} : { scopes }) })
          )
          assert.deepStrictEqual(Either.getOrUndefined(Either.map(result, ({ pairing }) => pairing.scopes)), given)
          if (Either.isLeft(result)) return
          const { pairing, token } = result.right
          links.push({
            expiresAt: now + ttl * second,
            id: pairing.id,
            issuer,
            revoked: false,
            role,
            scopes: pairing.scopes,
            token
          })
          return
        }
        case "issueSession": {
          const [issuer, actor] = actorOf(operation.actor)
          const { role, scopes, ttl } = operation
          const given = mayGive(issuer, operation, now)
          const result = yield* Effect.either(stores.sessions.issue(actor, {
            device: {},
            role,
            ...(scopes === undefined ? {} : { scopes }),
            ...(ttl === undefined ? {} : { ttl })
          }))
          assert.deepStrictEqual(Either.getOrUndefined(Either.map(result, ({ session }) => session.scopes)), given)
          if (Either.isLeft(result)) return
          const { session: { id, scopes: granted }, token } = result.right
          const endsAt = ttl === undefined ? Number.POSITIVE_INFINITY : now + ttl * second
          sessions.push({
            dead: [],
            endsAt,
            id,
            revoked: false,
            role,
            scopes: granted,
            secret: token,
            used: false,
            usedAt: now
          })
          return
        }
        case "redeem":
          return yield* redeem(operation, now)
        case "again":
          return last === undefined ? undefined : yield* redeem(last, now)
        case "revokeLink": {
          const [issuer, actor] = actorOf(operation.actor)
          const link = pick(links, operation.link)
          if (link === undefined) return
          const result = yield* Effect.either(stores.pairings.revoke(actor, link.id))
          const expected = isOpen(link, now) && (issuer === undefined || isLive(issuer, now))
          assert.strictEqual(Either.isRight(result), expected)
          if (expected) link.revoked = true
          return
        }
        case "revokeSession": {
          const [issuer, actor] = actorOf(operation.actor)
          const session = pick(sessions, operation.session)
          if (session === undefined) return
          const result = yield* Effect.either(stores.sessions.revoke(actor, session.id))
          const allowed = issuer === undefined || isLive(issuer, now)
          // One that has expired may be there still, or forgotten.
          if (!allowed || session.revoked || isLive(session, now)) {
            assert.strictEqual(Either.isRight(result), allowed && !session.revoked)
          }
          if (Either.isRight(result)) assert.strictEqual(result.right.linksRevoked, revokeWithLinks([session], now))
          return
        }
        case "revokeOthers": {
          const own = pick(sessions, operation.session)
          if (own === undefined) return
          const result = yield* Effect.either(stores.sessions.revokeOthers(own.id))
          assert.strictEqual(Either.isRight(result), isLive(own, now))
          if (Either.isLeft(result)) return
          const others = sessions.filter((session) => session !== own && isLive(session, now))
          assert.sameMembers([...result.right.sessions], others.map(({ id }) => id))
          assert.strictEqual(result.right.linksRevoked, revokeWithLinks(others, now))
          return
        }
        case "use": {
          const session = pick(sessions, operation.session)
          return session === undefined ? undefined : yield* use(session, now)
        }
        case "wait":
          return yield* leap(Duration.seconds(operation.seconds))
        case "restart": {
          yield* stores.close
          stores = yield* openFast(filename)
          return
        }
      }
    })

    /** What is stored agrees with the model, and every secret and token does what the model says. */
    const settle = Effect.gen(function*() {
      const now = yield* Clock.currentTimeMillis
      const listed = (yield* stores.sessions.list({ all: false, limit: 200 })).items
      assert.sameMembers(listed.map(({ id }) => id), sessions.filter((it) => isLive(it, now)).map(({ id }) => id))
      for (const session of listed) {
        const link = links.find(({ id }) => id === session.pairingId)
        if (link !== undefined) assert.isTrue(isSubset(session.scopes, link.scopes))
      }
      for (const { issuer, scopes } of links) assert.isTrue(isSubset(scopes, issuer?.scopes ?? builtIn))
      for (const session of sessions) yield* use(session, now)
      for (const index of links.keys()) {
        yield* redeem({ earlier: undefined, key: undefined, link: index, op: "redeem", scopes: undefined }, now)
      }
      yield* stores.close
    })

    return { settle, step }
  })
