import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import { call, callJson, exchange, pairBrowser, pairingToken, withBearer, withHalves } from "../../test/api.ts"
import { control, issueSession } from "../../test/control.ts"
import { refusal } from "../../test/handshake.ts"
import { connect, outcome, ticketOf } from "../../test/live.ts"
import { listen } from "../../test/sse.ts"
import { until } from "../../test/until.ts"
import { BaseDir, baseUrl, layerMachine, portOf } from "../../test/withServer.ts"

const owner = Effect.gen(function*() {
  const base = yield* baseUrl
  const session = yield* issueSession(yield* BaseDir)
  const open = connect(base, session.token)
  const follow = Effect.flatMap(open, (live) => Effect.as(live.follow(), live))
  return { ...session, base, follow, open, sse: listen(base, { headers: withBearer(session.token) }) }
})

const refused = (token: string) =>
  Effect.map(
    call("/api/session", { headers: withBearer(token) }),
    ({ body, status }) => `${status} ${String(body["_tag"])}`
  )

layer(layerMachine(), { excludeTestServices: true })("who ends its own session", (it) => {
  it.scoped("by a call gets the answer as the last thing, and then the close", () =>
    Effect.gen(function*() {
      const { follow, id, token } = yield* owner
      const live = yield* follow
      const other = yield* follow
      const waiting = live.start("events.follow")
      const { exit } = yield* live.call("access.revokeSession", { id })
      assert.strictEqual(exit?.value?.["connectionsClosed"], 2)
      assert.strictEqual(yield* live.closed, "4401 SessionRevoked")
      assert.strictEqual(live.messages.at(-1)?.exit, exit)
      assert.isFalse(live.messages.some((it) => it._tag === "Exit" && it.requestId === waiting))
      assert.strictEqual(yield* other.closed, "4401 SessionRevoked")
      assert.isFalse(other.messages.some((it) => it._tag === "Exit"))
      assert.strictEqual(yield* refused(token), "401 SessionRevoked")
    }))

  it.scoped("by a call has none of the others answered that it sent with it", () =>
    Effect.gen(function*() {
      const { id, open } = yield* owner
      const live = yield* open
      const revoking = live.start("access.revokeSession", { id })
      const after = Array.from({ length: 20 }, () => live.start("access.issuePairing", { role: "viewer" }))
      yield* live.closed
      assert.strictEqual(outcome(yield* live.answer(revoking)), "Success")
      const last = live.messages.findIndex((it) => it.requestId === revoking)
      assert.strictEqual(last, live.messages.length - 1)
      // What was answered before was done before, and its links ended with the session.
      const { body } = yield* control(yield* BaseDir, "GET", "/api/access/pairings")
      const links = body["items"] as ReadonlyArray<{ readonly issuedBy: { readonly sessionId?: string } }>
      assert.isFalse(links.some((link) => link.issuedBy.sessionId === id))
      assert.isAtMost(live.messages.length - 1, after.length)
    }))

  it.scoped("twice at once by two of its connections is answered on one of them at least, and closed on both", () =>
    Effect.gen(function*() {
      const { id, open } = yield* owner
      const lives = [yield* open, yield* open]
      for (const live of lives) live.start("access.revokeSession", { id })
      for (const live of lives) assert.strictEqual(yield* live.closed, "4401 SessionRevoked")
      assert.include(lives.flatMap((live) => live.messages.map(outcome)), "Success")
    }))

  it.scoped("over HTTP gets the answer, after everything else is closed", () =>
    Effect.gen(function*() {
      const { follow, id, sse, token } = yield* owner
      const live = yield* follow
      const stream = yield* sse
      const answer = yield* callJson("DELETE", `/api/access/sessions/${id}`, {}, withBearer(token))
      assert.deepStrictEqual([answer.status, answer.body["connectionsClosed"]], [200, 2])
      yield* until("the socket is closed", () => live.end() === "4401 SessionRevoked")
      yield* until("the stream has ended", () => stream.end() === "ended")
      assert.strictEqual(yield* refused(token), "401 SessionRevoked")
    }))

  it.scoped("by signing out gets the answer, with its bearer token and as a browser", () =>
    Effect.gen(function*() {
      const { follow, token } = yield* owner
      const live = yield* follow
      assert.strictEqual((yield* call("/api/session", { headers: withBearer(token), method: "DELETE" })).status, 200)
      assert.strictEqual(yield* live.closed, "4401 SessionRevoked")
      const { browser } = yield* pairBrowser()
      const stream = yield* listen(yield* baseUrl, { headers: withHalves(browser) })
      const out = yield* call("/api/session", { headers: withHalves(browser), method: "DELETE" })
      assert.strictEqual(out.status, 200)
      assert.match(out.headers.get("set-cookie") ?? "", /Max-Age=0/)
      yield* until("the stream has ended", () => stream.end() === "ended")
    }))

  it.scoped("as RFC 7009 has it gets the answer, and its connections are closed", () =>
    Effect.gen(function*() {
      const { follow, token } = yield* owner
      const live = yield* follow
      const answer = yield* call("/oauth/revoke", { body: new URLSearchParams({ token }), method: "POST" })
      assert.strictEqual(answer.status, 200)
      assert.strictEqual(yield* live.closed, "4401 SessionRevoked")
      assert.strictEqual(yield* refused(token), "401 SessionRevoked")
    }))
})

layer(layerMachine(), { excludeTestServices: true })("the end of a session", (it) => {
  it.scoped("is not that of the one who ends all others", () =>
    Effect.gen(function*() {
      const mine = yield* owner
      const theirs = yield* owner
      const live = yield* mine.follow
      const second = yield* mine.follow
      const others = [yield* theirs.follow, yield* theirs.follow]
      const { exit } = yield* live.call("access.revokeOtherSessions")
      assert.deepStrictEqual([exit?.value?.["sessions"], exit?.value?.["connectionsClosed"]], [[theirs.id], 2])
      for (const other of others) assert.strictEqual(yield* other.closed, "4401 SessionRevoked")
      assert.strictEqual(outcome(yield* live.call("session.whoAmI")), "Success")
      assert.deepStrictEqual([live.end(), second.end()], ["", ""])
    }))

  it.scoped("is that of its tickets", () =>
    Effect.gen(function*() {
      const { base, id, token } = yield* owner
      const ticket = yield* ticketOf(base, token)
      yield* control(yield* BaseDir, "DELETE", `/api/access/sessions/${id}`)
      const { status, text } = yield* refusal(portOf(base), ticket)
      assert.strictEqual(status, 401)
      assert.include(text, "SessionRevoked")
    }))

  it.scoped("comes with a new pairing that proves it, and closes what it had open", () =>
    Effect.gen(function*() {
      const { follow, sse, token } = yield* owner
      const live = yield* follow
      const stream = yield* sse
      const answer = yield* exchange({
        actor_token: token,
        actor_token_type: "urn:ietf:params:oauth:token-type:access_token",
        subject_token: yield* pairingToken()
      })
      assert.strictEqual(answer.status, 200)
      assert.strictEqual(yield* live.closed, "4401 SessionRevoked")
      yield* until("the stream has ended", () => stream.end() === "ended")
      assert.strictEqual(yield* refused(token), "401 SessionRevoked")
      assert.strictEqual(yield* refused(String(answer.body["access_token"])), "200 undefined")
    }))

  it.scoped("takes along what came from it where that is asked for, and their connections", () =>
    Effect.gen(function*() {
      const { base, follow, id, token } = yield* owner
      const child = yield* callJson("POST", "/api/access/sessions", {}, withBearer(token))
      const ofChild = yield* connect(base, String(child.body["token"]))
      const live = yield* follow
      const baseDir = yield* BaseDir
      const { body } = yield* control(baseDir, "DELETE", `/api/access/sessions/${id}?withIssued=true`)
      assert.deepStrictEqual([body["connectionsClosed"], body["sessionsPairedFromThem"]], [2, 0])
      for (const it of [live, ofChild]) assert.strictEqual(yield* it.closed, "4401 SessionRevoked")
    }))
})
