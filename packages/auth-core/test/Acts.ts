/** Each operation, on the stores and on the model of them. */
import { assert } from "@effect/vitest"
import { builtIn } from "@t3/protocol/Scope"
import { Clock, Duration, Effect, Either, Redacted, TestClock } from "effect"
import { isLive, isOpen, isSubset, mayGive, minute, newSession, pick, second, treeOf } from "./Model.ts"
import type { Operation } from "./Operations.ts"
import { leap, settle } from "./Stores.ts"
import { actorOf, countSockets, note, restart, revokeLinks, use, type World } from "./World.ts"

type Only<Op extends Operation["op"]> = Extract<Operation, { readonly op: Op }>

const issueLink = Effect.fnUntraced(
  function*(world: World, { actor: index, role, scopes, ttl }: Only<"issueLink">, now: number) {
    const [issuer, actor] = actorOf(world, index)
    const request = { label: "", role, ttl, ...(scopes === undefined ? {} : { scopes }) }
    const result = yield* Effect.either(world.stores.pairings.issue(actor, request))
    const given = Either.getOrUndefined(Either.map(result, ({ pairing }) => pairing.scopes))
    assert.deepStrictEqual(given, mayGive(issuer, request, now))
    if (Either.isLeft(result)) return
    const { pairing: { id, scopes: granted }, token } = result.right
    assert.isTrue(isSubset(granted, issuer?.scopes ?? builtIn))
    world.links.push({ expiresAt: now + ttl * second, id, issuer, revoked: false, role, scopes: granted, token })
  }
)

const issueSession = Effect.fnUntraced(function*(world: World, operation: Only<"issueSession">, now: number) {
  const [issuer, actor] = actorOf(world, operation.actor)
  const { role, scopes, ttl } = operation
  const request = {
    device: {},
    role,
    ...(scopes === undefined ? {} : { scopes }),
    ...(ttl === undefined ? {} : { ttl })
  }
  const result = yield* Effect.either(world.stores.sessions.issue(actor, request))
  const given = Either.getOrUndefined(Either.map(result, ({ session }) => session.scopes))
  assert.deepStrictEqual(given, mayGive(issuer, request, now))
  if (Either.isLeft(result)) return
  const { session: { id, scopes: granted }, token: secret } = result.right
  assert.isTrue(isSubset(granted, issuer?.scopes ?? builtIn))
  const end = ttl === undefined ? {} : { endsAt: now + ttl * second }
  world.sessions.push(newSession({ id, issuer, role, scopes: granted, secret, ...end }, now))
})

const redeem = Effect.fnUntraced(function*(world: World, operation: Only<"redeem">, now: number) {
  const link = pick(world.links, operation.link)
  if (link === undefined) return
  world.last = operation
  const { earlier: index, key, scopes } = operation
  const earlier = index === undefined ? undefined : pick(world.sessions, index)
  const fields = JSON.stringify([key, scopes])
  const granted = scopes === undefined ? link.scopes : link.scopes.filter((scope) => scopes.includes(scope))
  const before = link.use
  const repeated = key !== undefined && before?.fields === fields && now - before.at <= minute &&
      !before.session.used && !before.session.revoked
    ? before.session
    : undefined
  const result = yield* Effect.either(world.stores.pairings.redeem({
    device: {},
    token: link.token,
    ...(earlier === undefined ? {} : { earlier: [earlier.secret] }),
    ...(key === undefined ? {} : { idempotencyKey: Redacted.make(key) }),
    ...(scopes === undefined ? {} : { scopes })
  }))
  assert.strictEqual(Either.isRight(result), repeated !== undefined || (isOpen(link, now) && granted.length > 0))
  if (Either.isLeft(result)) return
  const { secrets, session } = result.right
  if (repeated !== undefined) {
    note("repeated")
    assert.strictEqual(session.id, repeated.id)
    repeated.dead.push(repeated.secret)
    repeated.secret = secrets
    return
  }
  note("redeemed")
  assert.deepStrictEqual(session.scopes, granted)
  assert.isTrue(isSubset(session.scopes, link.scopes))
  if (earlier !== undefined && !earlier.revoked) {
    note("replaced")
    revokeLinks(world, [earlier], now)
    earlier.revoked = true
  }
  const { id, role, scopes: held } = session
  const made = newSession({ id, issuer: link.issuer, role, scopes: held, secret: secrets }, now)
  world.sessions.push(made)
  link.use = { at: now, fields, session: made }
})

const revokeLink = Effect.fnUntraced(function*(world: World, operation: Only<"revokeLink">, now: number) {
  const [issuer, actor] = actorOf(world, operation.actor)
  const link = pick(world.links, operation.link)
  if (link === undefined) return
  const result = yield* Effect.either(world.stores.pairings.revoke(actor, link.id))
  const expected = isOpen(link, now) && (issuer === undefined || isLive(issuer, now))
  assert.strictEqual(Either.isRight(result), expected)
  if (expected) link.revoked = true
})

const revokeSession = Effect.fnUntraced(function*(world: World, operation: Only<"revokeSession">, now: number) {
  const [issuer, actor] = actorOf(world, operation.actor)
  const root = pick(world.sessions, operation.session)
  if (root === undefined) return
  const { withIssued } = operation
  const all = withIssued ? treeOf(root, world.sessions) : [root]
  const allowed = issuer === undefined || isLive(issuer, now)
  const live = all.filter((it) => isLive(it, now))
  const sockets = countSockets(live)
  const result = yield* Effect.either(world.stores.sessions.revoke(actor, root.id, { withIssued }))
  const orphans = allowed ? revokeLinks(world, all, now) : 0
  // One that has expired may be there still, or forgotten.
  const perhaps = all.filter((it) => !it.revoked && !it.removed)
  if (!allowed || perhaps.length === 0) assert.isTrue(Either.isLeft(result))
  else if (live.length > 0) assert.isTrue(Either.isRight(result))
  if (Either.isLeft(result)) return
  const ended = world.sessions.filter((it) => result.right.sessions.includes(it.id))
  note(withIssued && ended.length > 1 ? "tree" : "revoked")
  assert.isTrue(ended.every((it) => perhaps.includes(it)) && live.every((it) => ended.includes(it)))
  for (const session of ended) session.revoked = true
  const stay = world.sessions.filter((it) => isLive(it, now) && it.issuer !== undefined && all.includes(it.issuer))
  assert.deepStrictEqual(
    [result.right.linksRevoked, result.right.connectionsClosed, result.right.sessionsPairedFromThem],
    [orphans, sockets, stay.filter((it) => !it.removed).length]
  )
})

const revokeOthers = Effect.fnUntraced(function*(world: World, operation: Only<"revokeOthers">, now: number) {
  const own = pick(world.sessions, operation.session)
  if (own === undefined) return
  const others = world.sessions.filter((session) => session !== own && isLive(session, now))
  const sockets = countSockets(others)
  const result = yield* Effect.either(world.stores.sessions.revokeOthers(own.id))
  assert.strictEqual(Either.isRight(result), isLive(own, now))
  if (Either.isLeft(result)) return
  note("others")
  assert.sameMembers([...result.right.sessions], others.map(({ id }) => id))
  for (const session of others) session.revoked = true
  assert.deepStrictEqual(
    [result.right.linksRevoked, result.right.connectionsClosed],
    [revokeLinks(world, others, now), sockets]
  )
})

/** Somebody else writes to the file; within a second that is so here. */
const edit = Effect.fnUntraced(function*(world: World, { session: index, to }: Only<"edit">, now: number) {
  const session = pick(world.sessions, index)
  if (session === undefined || session.removed) return
  const { id, socket } = session
  const wasLive = isLive(session, now)
  note(`edit: ${to.kind}${wasLive ? "" : " what has ended"}`)
  // What we are about to write is written.
  yield* settle
  switch (to.kind) {
    case "revoke":
      if (!session.revoked) yield* world.other.edit(id, "revoked_at", now)
      session.revoked = true
      break
    case "remove":
      yield* world.other.remove(id)
      Object.assign(session, { removed: true, revoked: true })
      break
    case "end":
      yield* world.other.edit(id, "expires_at", now + to.seconds * second)
      // An end that has come stays one.
      if (wasLive) session.expiresAt = now + to.seconds * second
      break
    case "rights": {
      yield* world.other.edit(id, "role", to.role)
      yield* world.other.edit(id, "scopes", JSON.stringify(to.scopes))
      const isChanged = session.role !== to.role || session.scopes.join() !== to.scopes.join()
      Object.assign(session, { role: to.role, scopes: to.scopes, socket: isChanged ? undefined : socket })
      yield* TestClock.adjust("1 second")
      if (isChanged && socket !== undefined) assert.deepStrictEqual(socket.ended, ["Unavailable"])
      break
    }
  }
  yield* TestClock.adjust("1 second")
})

/** The watch has recorded by now whatever ended by itself. */
const lapse = (world: World, now: number): void => {
  for (const session of world.sessions) {
    if (session.lapsed || session.revoked || now < session.expiresAt) continue
    session.lapsed = true
    revokeLinks(world, [session], now)
  }
}

export const act = (world: World, operation: Operation) =>
  Effect.flatMap(Clock.currentTimeMillis, (now): Effect.Effect<void, unknown> => {
    lapse(world, now)
    switch (operation.op) {
      case "issueLink":
        return issueLink(world, operation, now)
      case "issueSession":
        return issueSession(world, operation, now)
      case "redeem":
        return redeem(world, operation, now)
      case "again":
        return world.last === undefined ? Effect.void : redeem(world, world.last, now)
      case "revokeLink":
        return revokeLink(world, operation, now)
      case "revokeSession":
        return revokeSession(world, operation, now)
      case "revokeOthers":
        return revokeOthers(world, operation, now)
      case "use":
        return use(world, operation.session, now)
      case "edit":
        return edit(world, operation, now)
      case "wait":
        return leap(Duration.seconds(operation.seconds))
      case "restart":
        return restart(world)
    }
  })

/** At the end: every link that is open still works, once, and every other is refused. */
export const redeemAll = (world: World) =>
  Effect.flatMap(
    Clock.currentTimeMillis,
    (now) => {
      lapse(world, now)
      return Effect.forEach(Array.from(world.links.keys()), (link) =>
        redeem(world, { earlier: undefined, key: undefined, link, op: "redeem", scopes: undefined }, now), {
        discard: true
      })
    }
  )
