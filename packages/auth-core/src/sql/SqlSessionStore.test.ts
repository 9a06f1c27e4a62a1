import * as SqlClient from "@effect/sql/SqlClient"
import { assert, describe } from "@effect/vitest"
import { SessionId } from "@t3/protocol/Ids"
import type { Session } from "@t3/protocol/Session"
import { Deferred, Effect, Fiber, TestClock } from "effect"
import { withOther } from "../../test/Other.ts"
import {
  as,
  issueLink,
  issueSession,
  leap,
  pair,
  recorded,
  redeem,
  refusal,
  settle,
  startup,
  test,
  testOpen,
  verify
} from "../../test/Stores.ts"
import { connect, makeConnection } from "../../test/TestConnection.ts"
import { Connections, currentConnection } from "../Connections.ts"
import { PairingStore } from "../PairingStore.ts"
import { SessionStore } from "../SessionStore.ts"

/** When the table says that a session was revoked. */
const revokedAt = (id: string) =>
  Effect.flatMap(SqlClient.SqlClient, (sql) =>
    Effect.map(
      sql<{ readonly at: number | null }>`SELECT revoked_at AS at FROM t3_sessions WHERE id = ${id}`,
      ([row]) => row?.at
    ))

const isDurable = (id: string) => Effect.map(revokedAt(id), (at) => typeof at === "number")

const revoke = (...parameters: Parameters<typeof SessionStore.Service["revoke"]>) =>
  Effect.flatMap(SessionStore, (sessions) => sessions.revoke(...parameters))

const withIssued = { withIssued: true }

describe("Ending a session", () => {
  test("is on the disk and in memory before anything is closed, and all is closed before it is answered", () =>
    Effect.gen(function*() {
      const { secrets, session } = yield* pair()
      yield* verify(secrets)
      const context = yield* Effect.context<SessionStore | SqlClient.SqlClient>()
      const seen: Array<unknown> = []
      const mayEnd = yield* Deferred.make<void>()
      const look = Effect.all([Effect.orDie(isDurable(session.id)), refusal(verify(secrets)).pipe(Effect.orDie)])
      yield* connect(session.id, true, () =>
        Effect.provide(look, context).pipe(
          Effect.map((found) => seen.push(...found)),
          Effect.zipRight(Deferred.await(mayEnd))
        ))
      const request = yield* connect(session.id, false)
      const answer = yield* Effect.fork(revoke(startup, session.id))
      yield* settle
      assert.deepStrictEqual([seen, request.ended], [[true, "SessionRevoked"], ["SessionRevoked"]])
      assert.strictEqual((yield* Fiber.poll(answer))._tag, "None")
      yield* Deferred.succeed(mayEnd, undefined)
      assert.deepStrictEqual(yield* Fiber.join(answer), {
        connectionsClosed: 1,
        linksRevoked: 0,
        sessions: [session.id],
        sessionsPairedFromThem: 0
      })
    }))

  testOpen(
    "survives that the process dies while connections are being closed (design 9.11)",
    () =>
      Effect.gen(function*() {
        const { other, ours } = yield* withOther
        const { secrets, session } = yield* ours.run(pair())
        yield* ours.sessions.verify(secrets)
        yield* ours.run(connect(session.id, true, () => Effect.never))
        const answer = yield* Effect.forkDaemon(ours.sessions.revoke(startup, session.id))
        yield* settle
        assert.strictEqual((yield* Fiber.poll(answer))._tag, "None")
        const [row] = yield* other.sql`SELECT revoked_at FROM t3_sessions WHERE id = ${session.id}`
        assert.deepStrictEqual(row, { revoked_at: 0 })
      })
  )

  test("that cannot be written closes nothing", () =>
    Effect.gen(function*() {
      const sql = yield* SqlClient.SqlClient
      const { secrets, session } = yield* pair()
      yield* verify(secrets)
      const socket = yield* connect(session.id)
      yield* sql`PRAGMA query_only = ON`
      assert.strictEqual(yield* refusal(revoke(startup, session.id)), "Unavailable")
      assert.deepStrictEqual(socket.ended, [])
    }))

  test("lets the one that ends itself have its answer: its own connection finishes", () =>
    Effect.gen(function*() {
      const { secrets, session } = yield* pair({ role: "owner" })
      yield* verify(secrets)
      const own = makeConnection()
      const finished: Array<string> = []
      yield* (yield* Connections).open(session.id, own)
      const other = yield* connect(session.id)
      const ended = yield* revoke(as(session), session.id).pipe(
        Effect.locally(currentConnection, {
          connection: own,
          finish: (reason) => Effect.sync(() => finished.push(reason._tag))
        })
      )
      assert.deepStrictEqual([own.ended, finished, other.ended], [[], ["SessionRevoked"], ["SessionRevoked"]])
      assert.strictEqual(ended.connectionsClosed, 2)
    }))

  test("of all others closes what they have open, and nothing of the own", () =>
    Effect.gen(function*() {
      const own = yield* pair({ role: "owner" })
      const one = yield* pair()
      const two = yield* pair()
      for (const { secrets } of [own, one, two]) yield* verify(secrets)
      const kept = yield* connect(own.session.id)
      const closed = yield* Effect.forEach([one, one, two], ({ session }) => connect(session.id))
      const ended = yield* (yield* SessionStore).revokeOthers(own.session.id)
      assert.strictEqual(ended.connectionsClosed, 3)
      assert.deepStrictEqual([kept, ...closed].map((it) => it.ended.join()), [
        "",
        "SessionRevoked",
        "SessionRevoked",
        "SessionRevoked"
      ])
    }))

  test("of all ends every one, the own too, which is answered", () =>
    Effect.gen(function*() {
      const [own, other] = [yield* pair({ role: "owner" }), yield* pair()]
      const sessions = yield* SessionStore
      const ended = yield* sessions.revokeAll(as(own.session))
      assert.sameMembers([...ended.sessions], [own.session.id, other.session.id])
      for (const { secrets } of [own, other]) assert.strictEqual(yield* refusal(verify(secrets)), "SessionRevoked")
      assert.strictEqual(yield* refusal(sessions.revokeAll(as(own.session))), "SessionRevoked")
      assert.deepStrictEqual((yield* sessions.revokeAll(startup)).sessions, [])
    }))

  test("by pairing again closes what the replaced session has open, before the new one is told", () =>
    Effect.gen(function*() {
      const earlier = yield* pair()
      yield* verify(earlier.secrets)
      const socket = yield* connect(earlier.session.id, true, () => Effect.repeatN(Effect.yieldNow(), 20))
      const next = yield* pair({}, { earlier: [earlier.secrets] })
      assert.deepStrictEqual(socket.ended, ["SessionRevoked"])
      yield* connect(next.session.id)
    }))
})

describe("Ending a session with all that came from it", () => {
  /** An owner, what it made, what those made, and what has nothing to do with it. */
  const family = Effect.gen(function*() {
    const root = yield* pair({ role: "owner" })
    const paired = yield* pair({ role: "owner" }, {}, as(root.session))
    const issued = yield* issueSession(as(root.session), { role: "owner" })
    const grandchild = yield* pair({}, {}, as(paired.session))
    const script = yield* issueSession(as(grandchild.session), { role: "viewer" })
    const stranger = yield* pair({ role: "owner" })
    const strangers = yield* pair({}, {}, as(stranger.session))
    return {
      others: [stranger.session, strangers.session],
      root: root.session,
      tree: [root.session, paired.session, issued.session, grandchild.session, script.session]
    }
  })

  const states = (sessions: ReadonlyArray<Session>) =>
    Effect.forEach(sessions, ({ id }) => Effect.map(isDurable(id), (ended) => ended ? "revoked" : "live"))

  test("ends the whole tree with its links and connections, and nothing else", () =>
    Effect.gen(function*() {
      const { others, root, tree } = yield* family
      const links = yield* Effect.forEach(
        [...tree.slice(0, 4), ...others],
        (it) => issueLink(as(it), { role: "viewer" })
      )
      const sessions = yield* SessionStore
      for (const { id } of [...tree, ...others]) yield* sessions.current(id)
      const sockets = yield* Effect.forEach([...tree, ...others], ({ id }) => connect(id))
      const ended = yield* revoke(startup, root.id, withIssued)
      assert.sameMembers([...ended.sessions], tree.map((it) => it.id))
      assert.deepStrictEqual(
        [ended.connectionsClosed, ended.linksRevoked, ended.sessionsPairedFromThem],
        [tree.length, 4, 0]
      )
      assert.deepStrictEqual(yield* states([...tree, ...others]), [...tree.map(() => "revoked"), "live", "live"])
      assert.deepStrictEqual(sockets.map((it) => it.ended.length), [1, 1, 1, 1, 1, 0, 0])
      for (const { id } of tree) assert.strictEqual(yield* refusal(sessions.current(id)), "SessionRevoked")
      const redeemed = yield* Effect.forEach(links, ({ token }) => Effect.either(redeem({ token })))
      assert.deepStrictEqual(redeemed.map((it) => it._tag === "Right" ? "works" : it.left._tag), [
        ...Array.from({ length: 4 }, () => "PairingRevoked"),
        "works",
        "works"
      ])
    }))

  test("ends only the branch of the one it is asked for; without it, that one alone", () =>
    Effect.gen(function*() {
      const { others, tree } = yield* family
      const [root, paired, issued, grandchild, script] = tree
      const branch = yield* revoke(startup, paired?.id ?? SessionId.make(""), withIssued)
      assert.sameMembers([...branch.sessions], [paired?.id, grandchild?.id, script?.id])
      const alone = yield* revoke(startup, root?.id ?? SessionId.make(""))
      assert.deepStrictEqual([alone.sessions, alone.sessionsPairedFromThem], [[root?.id], 1])
      assert.deepStrictEqual(yield* states([...others]), ["live", "live"])
      assert.strictEqual((yield* (yield* SessionStore).current(issued?.id ?? SessionId.make(""))).state, "live")
    }))

  test("reaches what came from it by way of sessions that ended long ago", () =>
    Effect.gen(function*() {
      const root = yield* pair({ role: "owner" })
      const middle = yield* pair({ role: "owner" }, {}, as(root.session))
      const leaf = yield* pair({}, {}, as(middle.session))
      yield* revoke(startup, middle.session.id)
      for (let days = 0; days < 60; days += 20) {
        yield* leap("20 days")
        yield* verify(root.secrets)
        yield* verify(leaf.secrets)
      }
      yield* TestClock.adjust("1 hour")
      const ended = yield* revoke(startup, root.session.id, withIssued)
      assert.sameMembers([...ended.sessions], [root.session.id, leaf.session.id])
      assert.strictEqual(yield* refusal(verify(leaf.secrets)), "SessionRevoked")
    }))

  test("can be asked for one that has ended already, as long as something of it is left", () =>
    Effect.gen(function*() {
      const root = yield* pair({ role: "owner" })
      const leaf = yield* pair({}, {}, as(root.session))
      yield* revoke(startup, root.session.id)
      assert.strictEqual(yield* refusal(revoke(startup, root.session.id)), "NotFound")
      assert.deepStrictEqual((yield* revoke(startup, root.session.id, withIssued)).sessions, [leaf.session.id])
      assert.strictEqual(yield* refusal(revoke(startup, root.session.id, withIssued)), "NotFound")
    }))
})

describe("A session that was ended while it acts", () => {
  test("changes nothing: each act asks again inside its transaction", () =>
    Effect.gen(function*() {
      const pairings = yield* PairingStore
      const sessions = yield* SessionStore
      const sql = yield* SqlClient.SqlClient
      const target = yield* issueSession()
      const link = yield* issueLink()
      const acts = (id: SessionId) => ({
        issueLink: issueLink(as({ id })),
        issueSession: issueSession(as({ id })),
        rename: sessions.rename(as({ id }), target.session.id, "x"),
        revokeLink: pairings.revoke(as({ id }), link.pairing.id),
        revokeOthers: sessions.revokeOthers(id),
        revokeSession: sessions.revoke(as({ id }), target.session.id),
        revokeTree: sessions.revoke(as({ id }), target.session.id, withIssued)
      })
      for (const name of Object.keys(acts(target.session.id)) as Array<keyof ReturnType<typeof acts>>) {
        const { secrets, session } = yield* pair({ role: "owner" })
        yield* verify(secrets)
        const before = (yield* recorded).length
        // All stand in line behind one transaction: first the end of the session, then its act.
        const mayGo = yield* Deferred.make<void>()
        const holder = yield* Effect.fork(sql.withTransaction(Deferred.await(mayGo)))
        yield* settle
        const ending = yield* Effect.fork(revoke(startup, session.id))
        yield* settle
        const act = yield* Effect.fork(
          refusal(acts(session.id)[name] as Effect.Effect<unknown, { readonly _tag: string }>)
        )
        yield* settle
        assert.strictEqual((yield* sessions.current(session.id)).state, "live")
        yield* Deferred.succeed(mayGo, undefined)
        yield* Effect.all([Fiber.join(holder), Fiber.join(ending)])
        assert.strictEqual(yield* Fiber.join(act), "SessionRevoked", name)
        assert.deepStrictEqual((yield* recorded).slice(before).map((it) => it.event), ["session.revoked"], name)
      }
      yield* verify(target.token)
      yield* redeem({ token: link.token })
    }))

  testOpen("by somebody else, in the database, changes nothing either", () =>
    Effect.gen(function*() {
      const { other, ours } = yield* withOther
      const { secrets, session } = yield* ours.run(pair({ role: "owner" }))
      yield* ours.sessions.verify(secrets)
      yield* other.edit(session.id, "revoked_at", 0)
      // Not noticed yet.
      yield* ours.sessions.verify(secrets)
      assert.strictEqual(yield* refusal(ours.run(issueLink(as(session)))), "SessionRevoked")
      assert.strictEqual(yield* refusal(ours.sessions.revokeOthers(session.id)), "SessionRevoked")
    }))
})
