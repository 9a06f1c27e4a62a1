import { assert, describe, it, layer } from "@effect/vitest"
import { SessionId } from "@t3/protocol/Ids"
import Sqlite from "better-sqlite3"
import { Clock, Effect } from "effect"
import { join } from "node:path"
import { call, callJson, withBearer } from "../../test/api.ts"
import { connections, issueSession } from "../../test/control.ts"
import { refusal } from "../../test/handshake.ts"
import { connect, outcome, ticketOf } from "../../test/live.ts"
import { listen } from "../../test/sse.ts"
import { until, untilEffect } from "../../test/until.ts"
import { BaseDir, baseUrl, layerMachine, portOf } from "../../test/withServer.ts"
import { T3Server } from "../T3Server.ts"

/** What is done to the database behind the server's back. */
const change = (statement: string, ...values: ReadonlyArray<unknown>) =>
  Effect.map(BaseDir, (baseDir) => {
    const database = new Sqlite(join(baseDir, "t3.db"))
    const { changes } = database.prepare(statement).run(...values)
    database.close()
    assert.strictEqual(changes, 1)
  })

const open = (request: object = {}) =>
  Effect.gen(function*() {
    const base = yield* baseUrl
    const session = yield* issueSession(yield* BaseDir, request)
    const live = yield* connect(base, session.token)
    yield* live.follow()
    return { ...session, base, live, sse: yield* listen(base, { headers: withBearer(session.token) }) }
  })

/** How long something takes; the patience of tests on a busy machine is added by those who look at it. */
const timed = <A, E, R>(self: Effect.Effect<A, E, R>) =>
  Effect.gen(function*() {
    const before = yield* Clock.currentTimeMillis
    const value = yield* self
    return { took: (yield* Clock.currentTimeMillis) - before, value }
  })

const refused = (token: string) =>
  Effect.map(
    call("/api/session", { headers: withBearer(token) }),
    ({ body, status }) => `${status} ${String(body["_tag"])}`
  )

layer(layerMachine(), { excludeTestServices: true })("a session that is over", (it) => {
  it.scoped("has its connections closed at that moment, without anybody asking", () =>
    Effect.gen(function*() {
      const { base, live, sse, token } = yield* open({ ttl: 2 })
      const ticket = yield* ticketOf(base, token)
      assert.strictEqual(outcome(yield* live.call("session.whoAmI")), "Success")
      const { took, value } = yield* timed(live.closed)
      assert.strictEqual(value, "4401 SessionExpired")
      assert.isAbove(took, 500)
      assert.isBelow(took, 4_000)
      yield* until("the stream has ended", () => sse.end() === "ended")
      assert.strictEqual(yield* refused(token), "401 SessionExpired")
      assert.include((yield* refusal(portOf(base), ticket)).text, "SessionExpired")
    }))

  it.scoped("does not end with another that is", () =>
    Effect.gen(function*() {
      const stays = yield* open()
      const { live } = yield* open({ ttl: 1 })
      yield* live.closed
      assert.strictEqual(outcome(yield* stays.live.call("session.whoAmI")), "Success")
    }))
})

layer(layerMachine(), { excludeTestServices: true })("5: a session that another program", (it) => {
  it.scoped("revokes in the database is closed within a second", () =>
    Effect.gen(function*() {
      const { id, live, sse, token } = yield* open()
      yield* change("UPDATE t3_sessions SET revoked_at = ? WHERE id = ?", Date.now(), id)
      const { took, value } = yield* timed(live.closed)
      assert.strictEqual(value, "4401 SessionRevoked")
      assert.isBelow(took, 2_500)
      yield* until("the stream has ended", () => sse.end() === "ended")
      assert.strictEqual(yield* refused(token), "401 SessionRevoked")
      assert.strictEqual(yield* connections(yield* BaseDir), 0)
    }))

  it.scoped("deletes from the database is closed within a second, and known no more", () =>
    Effect.gen(function*() {
      const { id, live, token } = yield* open()
      yield* change("DELETE FROM t3_sessions WHERE id = ?", id)
      assert.strictEqual(yield* live.closed, "4401 SessionRevoked")
      assert.match(yield* refused(token), /^401 (SessionRevoked|Unauthenticated)$/)
    }))

  it.scoped("leaves fewer rights in the database comes back with those", () =>
    Effect.gen(function*() {
      const { base, id, live, sse, token } = yield* open()
      const scopes = JSON.stringify(["environment:read"])
      yield* change("UPDATE t3_sessions SET scopes = ?, role = 'viewer' WHERE id = ?", scopes, id)
      assert.strictEqual(yield* live.closed, "1012 Unavailable")
      yield* until("the stream has ended", () => sse.end() === "ended")
      const again = yield* connect(base, token)
      assert.strictEqual(outcome(yield* again.call("access.listSessions")), "ScopeRequired")
      assert.strictEqual((yield* callJson("POST", "/api/access/pairings", {}, withBearer(token))).status, 403)
    }))

  it.scoped("has gone over before its time is closed", () =>
    Effect.gen(function*() {
      const { id, live, token } = yield* open()
      yield* change(
        "UPDATE t3_sessions SET expires_at = ?, ends_at = ? WHERE id = ?",
        Date.now() - 1,
        Date.now() - 1,
        id
      )
      yield* untilEffect("its requests are refused", Effect.map(refused(token), (it) => it.startsWith("401 ")))
      assert.match(yield* live.closed, /^4401 /)
    }))

  it.scoped("renames in the database stays open", () =>
    Effect.gen(function*() {
      const { id, live } = yield* open()
      yield* change("UPDATE t3_sessions SET device_label = 'Renamed' WHERE id = ?", id)
      const label = Effect.map(
        live.call("session.whoAmI"),
        ({ exit }) => JSON.stringify(exit?.value?.["session"]).includes("\"Renamed\"")
      )
      yield* untilEffect("the new name is known", label)
      assert.strictEqual(live.end(), "")
    }))
})

describe("an embedded host", () => {
  it.scopedLive("that revokes a session has closed all of it when it is answered", () =>
    Effect.gen(function*() {
      const { access } = yield* T3Server
      const { id, live, sse, token } = yield* open()
      const { connectionsClosed } = yield* access.revokeSession(SessionId.make(id))
      assert.strictEqual(connectionsClosed, 2)
      yield* until("the socket is closed", () => live.end() === "4401 SessionRevoked")
      yield* until("the stream has ended", () => sse.end() === "ended")
      assert.strictEqual(yield* refused(token), "401 SessionRevoked")
    }).pipe(Effect.provide(layerMachine())))
})
