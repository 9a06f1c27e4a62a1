/** A database, the stores over it, somebody else with a connection of their own, and what the model believes of it all. */
import * as SqlClient from "@effect/sql/SqlClient"
import { assert } from "@effect/vitest"
import type { Actor } from "@t3/protocol/Actor"
import { Clock, Effect, Either, TestClock } from "effect"
import { isLive, isOpen, type ModelLink, type ModelSession, noteUse, pick } from "./Model.ts"
import type { Operation } from "./Operations.ts"
import { connectOther } from "./Other.ts"
import { as, open, startup } from "./Stores.ts"
import { connect } from "./TestConnection.ts"

export interface World {
  readonly filename: string
  readonly other: Effect.Effect.Success<ReturnType<typeof connectOther>>
  readonly links: Array<ModelLink>
  readonly sessions: Array<ModelSession>
  stores: Effect.Effect.Success<ReturnType<typeof open>>
  /** The exchange that "again" repeats. */
  last: Extract<Operation, { readonly op: "redeem" }> | undefined
}

/** How often what happened, so that a run can tell whether it met everything. */
export const met = new Map<string, number>()
export const note = (what: string): void => void met.set(what, (met.get(what) ?? 0) + 1)

/** No power is cut here, so nothing waits for the disk. */
const openFast = (filename: string) =>
  Effect.tap(
    open(filename),
    (stores) => stores.run(Effect.flatMap(SqlClient.SqlClient, (sql) => sql`PRAGMA synchronous = OFF`))
  )

export const makeWorld = (filename: string) =>
  Effect.gen(function*() {
    const stores = yield* openFast(filename)
    const other = yield* connectOther(filename)
    yield* other.sql`PRAGMA synchronous = OFF`
    const world: World = { filename, last: undefined, links: [], other, sessions: [], stores }
    return world
  })

export const restart = (world: World) =>
  Effect.gen(function*() {
    yield* world.stores.close
    world.stores = yield* openFast(world.filename)
    for (const session of world.sessions) session.socket = undefined
  })

export const actorOf = (world: World, index: number | undefined): readonly [ModelSession | undefined, Actor] => {
  const session = index === undefined ? undefined : pick(world.sessions, index)
  return [session, session === undefined ? startup : as(session)]
}

/** The open links of these are revoked; how many there were. */
export const revokeLinks = ({ links }: World, issuers: ReadonlyArray<ModelSession>, now: number): number => {
  const orphans = links.filter((it) => it.issuer !== undefined && issuers.includes(it.issuer) && isOpen(it, now))
  for (const link of orphans) link.revoked = true
  return orphans.length
}

export const countSockets = (of: ReadonlyArray<ModelSession>): number =>
  of.filter((it) => it.socket !== undefined).length

/** Everything that the session may ask for itself: it gets what the model says, or nothing at all. */
const useSession = Effect.fnUntraced(function*({ stores }: World, session: ModelSession, now: number) {
  for (const secret of session.dead) {
    assert.isTrue(Either.isLeft(yield* Effect.either(stores.sessions.verify(secret))))
  }
  const wasLive = isLive(session, now)
  if (wasLive) noteUse(session, now)
  const expected = isLive(session, now) ? { id: session.id, role: session.role, scopes: session.scopes } : undefined
  note(expected === undefined ? "refused" : "used")
  for (const ask of [stores.sessions.verify(session.secret), stores.sessions.current(session.id)]) {
    const answer = Either.map(yield* Effect.either(ask), ({ id, role, scopes }) => ({ id, role, scopes }))
    assert.deepStrictEqual(Either.getOrUndefined(answer), expected)
  }
  const socket = yield* Effect.either(stores.run(connect(session.id)))
  assert.strictEqual(Either.isRight(socket), expected !== undefined)
  // An end that somebody put off further than the session may live: its use shows it, the watch closes what is open.
  if (wasLive && expected === undefined) yield* TestClock.adjust("1 second")
  if (Either.isLeft(socket)) return
  if (session.socket !== undefined) socket.right.close()
  session.socket = session.socket ?? socket.right
})

export const use = (world: World, index: number, now: number): Effect.Effect<void, unknown> => {
  const session = pick(world.sessions, index)
  return session === undefined ? Effect.void : useSession(world, session, now)
}

/** What is open belongs to who lives; what ended was told why. */
export const checkSockets = (world: World) =>
  Effect.gen(function*() {
    const now = yield* Clock.currentTimeMillis
    for (const session of world.sessions) {
      const { socket } = session
      if (socket === undefined) continue
      const reason = session.revoked ? "SessionRevoked" : "SessionExpired"
      const live = isLive(session, now)
      assert.deepStrictEqual(socket.ended, live ? [] : [reason])
      if (live) continue
      note(`closed: ${reason}`)
      session.socket = undefined
    }
    assert.strictEqual(yield* world.stores.connections.total, countSockets(world.sessions))
  })

/** What is stored agrees with the model, and every session gets what the model says. */
export const checkAll = (world: World) =>
  Effect.gen(function*() {
    const now = yield* Clock.currentTimeMillis
    const listed = (yield* world.stores.sessions.list({ all: false, limit: 200 })).items
    const live = world.sessions.filter((it) => isLive(it, now))
    assert.sameMembers(listed.map(({ id }) => id), live.map(({ id }) => id))
    yield* Effect.forEach(world.sessions, (session) => useSession(world, session, now), { discard: true })
  })
