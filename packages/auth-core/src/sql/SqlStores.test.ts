import * as SqliteClient from "@effect/sql-sqlite-node/SqliteClient"
import * as SqlClient from "@effect/sql/SqlClient"
import { assert, describe, it } from "@effect/vitest"
import { Scope as Right } from "@t3/protocol/Scope"
import { Clock, Context, Duration, Effect, Exit, Layer, Logger, Redacted, Scope, TestClock } from "effect"
import {
  as,
  everything,
  issueLink,
  issueSession,
  leap,
  open,
  pair,
  recorded,
  redeem,
  refusal,
  rights,
  settle,
  startup,
  type Stores,
  test,
  testOpen,
  verify
} from "../../test/Stores.ts"
import { connect } from "../../test/TestConnection.ts"
import { layerFile, layerStores, temporaryFile } from "../../test/TestDatabase.ts"
import { AccessLog } from "../AccessLog.ts"
import { PairingStore } from "../PairingStore.ts"
import { Policy } from "../Policy.ts"
import { SessionStore } from "../SessionStore.ts"
import * as SqlStores from "./SqlStores.ts"

describe("What has ended", () => {
  testOpen("is kept for 30 days, so that the reason can be told, then forgotten", () =>
    Effect.gen(function*() {
      const file = yield* temporaryFile
      const before = yield* open(file)
      const used = yield* before.run(issueLink())
      const revoked = yield* before.run(redeem({ token: used.token }))
      const expired = yield* before.run(issueLink())
      const lapsed = yield* before.run(issueSession(startup, { ttl: 1 }))
      yield* before.sessions.revoke(startup, revoked.session.id)
      yield* before.close
      const reasons = Effect.gen(function*() {
        const stores = yield* open(file)
        yield* settle
        const tags = yield* stores.run(Effect.all([
          refusal(redeem({ token: used.token })),
          refusal(redeem({ token: expired.token })),
          refusal(verify(revoked.secrets)),
          refusal(verify(lapsed.token))
        ]))
        yield* stores.close
        return tags
      })
      yield* leap("29 days")
      assert.deepStrictEqual(yield* reasons, ["PairingUsed", "PairingExpired", "SessionRevoked", "SessionExpired"])
      yield* leap(Duration.sum("1 day", "6 minutes"))
      assert.deepStrictEqual(yield* reasons, ["PairingUnknown", "PairingUnknown", "Unauthenticated", "Unauthenticated"])
    }))

  testOpen("is recorded before it is forgotten, however long the machine was off", () =>
    Effect.gen(function*() {
      const file = yield* temporaryFile
      const before = yield* open(file)
      const link = yield* before.run(issueLink())
      const { session } = yield* before.run(issueSession())
      yield* before.close
      yield* leap("65 days")
      const after = yield* open(file)
      yield* TestClock.adjust("1 hour")
      const entries = (yield* after.run(recorded)).filter((it) => it.event.endsWith(".expired"))
      assert.deepStrictEqual(entries.map((it) => it.pairingId ?? it.sessionId), [link.pairing.id, session.id])
      assert.deepStrictEqual((yield* after.sessions.list(everything)).items, [])
      assert.deepStrictEqual((yield* after.pairings.list(everything)).items, [])
      yield* after.close
    }))

  test("closes what it has open before it is forgotten, however long the machine slept", () =>
    Effect.gen(function*() {
      const { secrets, session } = yield* pair()
      yield* verify(secrets)
      const socket = yield* connect(session.id)
      yield* TestClock.adjust("59 minutes")
      yield* verify(secrets)
      yield* TestClock.adjust("59500 millis")
      yield* TestClock.setTime((yield* Clock.currentTimeMillis) + Duration.toMillis("65 days"))
      // The hourly round comes before the watch looks.
      yield* TestClock.adjust("1 second")
      assert.deepStrictEqual(socket.ended, ["SessionExpired"])
    }))

  test("does not take with it the session that is still used", () =>
    Effect.gen(function*() {
      const { secrets, session } = yield* pair()
      for (let day = 0; day < 60; day += 20) {
        yield* leap("20 days")
        yield* verify(secrets)
      }
      yield* TestClock.adjust("1 hour")
      assert.deepStrictEqual((yield* (yield* PairingStore).list(everything)).items, [])
      assert.deepStrictEqual((yield* (yield* SessionStore).list(everything)).items.map((it) => it.id), [session.id])
    }))
})

describe("A host with a database of its own", () => {
  testOpen("rolls its transaction back without ours, which never runs in it (design 11)", () =>
    Effect.gen(function*() {
      const stores = yield* open(yield* temporaryFile)
      const host = Context.get(
        yield* Layer.build(SqliteClient.layer({ filename: yield* temporaryFile })),
        SqlClient.SqlClient
      )
      yield* host`CREATE TABLE notes (text TEXT)`
      const session = yield* stores.run(Effect.gen(function*() {
        const sessions = yield* SessionStore
        const inside = Effect.gen(function*() {
          yield* host`INSERT INTO notes VALUES ('lost')`
          const kept = yield* pair()
          yield* verify(kept.secrets)
          const gone = yield* issueSession()
          yield* sessions.rename(startup, kept.session.id, "renamed")
          yield* sessions.revoke(startup, gone.session.id)
          yield* refusal(redeem({ token: Redacted.make("000000000000") }))
          assert.strictEqual((yield* sessions.list(everything)).items.length, 2)
          assert.isAbove((yield* recorded).length, 4)
          return yield* Effect.fail(kept.session.id)
        })
        return yield* Effect.flip(host.withTransaction(inside))
      }))
      assert.deepStrictEqual(yield* host`SELECT * FROM notes`, [])
      const listed = (yield* stores.sessions.list({ all: false, limit: 50 })).items
      assert.deepStrictEqual(listed.map((it) => [it.id, it.device.label]), [[session, "renamed"]])
      yield* stores.close
    }))

  it.effect("gives its own scopes to the roles it chooses", () =>
    Effect.gen(function*() {
      const { session } = yield* pair({ role: "owner" }, { scopes: ["coffee:make"] })
      assert.deepStrictEqual(session.scopes.map(String), ["coffee:make"])
      assert.strictEqual(
        yield* refusal(issueLink(startup, { role: "member", scopes: rights("coffee:make") })),
        "Invalid"
      )
    }).pipe(
      Effect.provide(layerStores),
      Effect.provideService(Policy, {
        ...Context.get(Context.empty(), Policy),
        scopesOf: (role) => role === "owner" ? rights("coffee:make", "project:read") : [Right.make("project:read")]
      })
    ))
})

type Methods = Readonly<Record<string, Effect.Effect<unknown, { readonly _tag: string }, Stores>>>

describe("When storage fails", () => {
  /** Each method that needs the database, for a session and a link that are there. */
  const methods = (
    session: { readonly id: Parameters<typeof as>[0]["id"] },
    link: Effect.Effect.Success<ReturnType<typeof issueLink>>
  ) =>
    Effect.gen(function*() {
      const pairings = yield* PairingStore
      const sessions = yield* SessionStore
      const all: Methods = {
        issueLink: issueLink(),
        issueLinkAsSession: issueLink(as(session), { role: "viewer" }),
        issueSession: issueSession(),
        redeem: redeem({ token: link.token }),
        redeemForBrowser: pairings.redeemForBrowser({ device: {}, token: link.token }),
        rename: sessions.rename(startup, session.id, "x"),
        revokeLink: pairings.revoke(startup, link.pairing.id),
        revokeOthers: sessions.revokeOthers(session.id),
        revokeSession: sessions.revoke(startup, session.id)
      }
      return all
    })

  const readers = Effect.gen(function*() {
    const pairings = yield* PairingStore
    const sessions = yield* SessionStore
    return {
      listLinks: pairings.list(everything),
      listSessions: sessions.list(everything),
      latest: (yield* AccessLog).latest,
      log: recorded
    }
  })

  /** What a first failure must not do: hang those that come after it, or leave a defect. */
  const tags = (all: Methods) =>
    Effect.map(
      Effect.forEach(Object.entries(all), ([name, method]) =>
        Effect.map(Effect.exit(refusal(method)), (exit) =>
          [name, Exit.isSuccess(exit) ? exit.value : "defect"] as const)),
      (pairs) =>
        pairs.filter(([, tag]) =>
          tag !== "Unavailable"
        )
    )

  test("to write, says so, changes nothing, and goes on when it is well again", () =>
    Effect.gen(function*() {
      const sql = yield* SqlClient.SqlClient
      const { secrets, session } = yield* pair()
      const link = yield* issueLink()
      const all = yield* methods(session, link)
      const before = yield* Effect.all(yield* readers)
      yield* sql`PRAGMA query_only = ON`
      assert.deepStrictEqual(yield* tags(all), [])
      assert.deepStrictEqual(yield* Effect.all(yield* readers), before)
      assert.strictEqual((yield* verify(secrets)).id, session.id)
      yield* sql`PRAGMA query_only = OFF`
      yield* redeem({ token: link.token })
      yield* verify(secrets)
      assert.strictEqual((yield* (yield* SessionStore).revoke(startup, session.id)).sessions.length, 1)
      assert.strictEqual(yield* refusal(verify(secrets)), "SessionRevoked")
    }))

  test("to repeat an exchange, leaves the first secret working", () =>
    Effect.gen(function*() {
      const sql = yield* SqlClient.SqlClient
      const { token } = yield* issueLink()
      const exchange = { idempotencyKey: Redacted.make("some-key"), token }
      const { secrets } = yield* redeem(exchange)
      yield* sql`PRAGMA query_only = ON`
      assert.strictEqual(yield* refusal(redeem(exchange)), "Unavailable")
      yield* sql`PRAGMA query_only = OFF`
      yield* verify(secrets)
    }))

  test("to revoke, leaves the session as it was", () =>
    Effect.gen(function*() {
      const sql = yield* SqlClient.SqlClient
      const sessions = yield* SessionStore
      const { secrets, session } = yield* pair()
      yield* verify(secrets)
      yield* sql`CREATE TRIGGER full BEFORE INSERT ON t3_access_log BEGIN SELECT RAISE(ABORT, 'disk full'); END`
      assert.strictEqual(yield* refusal(sessions.revoke(startup, session.id)), "Unavailable")
      yield* verify(secrets)
      assert.strictEqual((yield* sessions.list(everything)).items[0]?.state, "live")
    }))

  test("because a row is damaged, is no defect of ours", () =>
    Effect.gen(function*() {
      const sql = yield* SqlClient.SqlClient
      const { token } = yield* issueSession()
      yield* sql`UPDATE t3_sessions SET scopes = 'damaged'`
      assert.strictEqual(yield* refusal(verify(token)), "Unavailable")
    }))

  testOpen("because another holds the database, asks to try again", () =>
    Effect.gen(function*() {
      const file = yield* temporaryFile
      const ours = yield* open(file)
      const other = Context.get(yield* Layer.build(SqliteClient.layer({ filename: file })), SqlClient.SqlClient)
      const { session } = yield* ours.run(pair())
      const link = yield* ours.run(issueLink())
      yield* ours.run(Effect.flatMap(SqlClient.SqlClient, (sql) => sql`PRAGMA busy_timeout = 1`))
      yield* other`BEGIN IMMEDIATE`
      assert.deepStrictEqual(yield* ours.run(Effect.flatMap(methods(session, link), tags)), [])
      yield* other`ROLLBACK`
      yield* ours.run(redeem({ token: link.token }))
      yield* ours.close
    }))

  it.live("because it was closed, says so, and to the log why", () =>
    Effect.gen(function*() {
      const messages: Array<string> = []
      const logger = Logger.make(({ message }) => void messages.push(String(message)))
      yield* Effect.gen(function*() {
        const client = yield* Scope.make()
        const context = yield* Layer.buildWithScope(layerFile(yield* temporaryFile), client)
        const stores = yield* Layer.build(Layer.provideMerge(SqlStores.layer, Layer.succeedContext(context)))
        yield* Effect.gen(function*() {
          const { secrets, session } = yield* pair()
          yield* verify(secrets)
          yield* settle
          yield* Scope.close(client, Exit.void)
          assert.strictEqual((yield* verify(secrets)).id, session.id)
          assert.deepStrictEqual(yield* tags(yield* readers), [])
          // One that writes is the last: `@effect/sql` 0.52 never gives the connection back when BEGIN cannot be prepared.
          assert.strictEqual(yield* refusal((yield* SessionStore).revoke(startup, session.id)), "Unavailable")
        }).pipe(Effect.provide(stores))
      }).pipe(Effect.scoped, Effect.provide(Logger.replace(Logger.defaultLogger, logger)))
      assert.include(messages.join("\n"), "SessionStore.revoke failed")
    }), 5000)
})
