import { assert, it } from "@effect/vitest"
import { subprotocol, ticketPrefix } from "@t3/protocol/LiveConnection"
import Sqlite from "better-sqlite3"
import { Effect, Layer } from "effect"
import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import {
  type Answer,
  call,
  callJson,
  exchange,
  pairBrowser,
  pairingToken,
  withBearer,
  withHalves
} from "../test/api.ts"
import { capture } from "../test/capture.ts"
import { control } from "../test/control.ts"
import { handshake, refusal } from "../test/handshake.ts"
import { connect, offer, ticketOf } from "../test/live.ts"
import * as raw from "../test/raw.ts"
import { listen } from "../test/sse.ts"
import { BaseDir, baseUrl, layerMachine, portOf } from "../test/withServer.ts"

/** Every spelling in which a secret could lie about: case does not matter to who searches. */
const spellings = (secret: string): ReadonlyArray<string> => {
  const token = secret.replaceAll("-", "")
  return [
    token,
    token.length === 12 ? token.match(/.{4}/g)?.join("-") ?? token : token.slice(4),
    encodeURIComponent(secret)
  ]
    .map((text) => text.toLowerCase())
}

const found = (haystack: string, secrets: ReadonlyMap<string, string>) => {
  const text = haystack.toLowerCase()
  return Array.from(secrets).flatMap(([secret, what]) =>
    spellings(secret).some((it) => text.includes(it)) ? [what] : []
  )
}

/** All files of a folder, their bytes as text. */
const files = (folder: string) =>
  readdirSync(folder).filter((name) => !name.endsWith(".sock")).map((name) => {
    try {
      return [name, readFileSync(join(folder, name), "latin1")] as const
    } catch {
      // The control socket is no file.
      return [name, ""] as const
    }
  })

it.scopedLive("8: no secret is in a log, in the database, in its files, or in what is told to others", () => {
  const log = capture()
  const secrets = new Map<string, string>()
  const keep = (what: string, secret: unknown) => {
    assert.isString(secret, what)
    assert.isAtLeast((secret as string).length, 12, what)
    secrets.set(secret as string, what)
    return secret as string
  }
  return Effect.gen(function*() {
    const base = yield* baseUrl
    const baseDir = yield* BaseDir
    const port = portOf(base)
    const told: Array<Answer> = []
    const refused = (answer: Effect.Effect<Answer, never, Effect.Effect.Context<ReturnType<typeof call>>>) =>
      Effect.map(answer, (it) => {
        assert.isAtLeast(it.status, 400)
        told.push(it)
      })

    // An owner, who listens in both ways.
    const link = keep("pairing token", yield* pairingToken())
    const key = keep("idempotency key", "idempotency-canary-1234567890")
    const first = yield* exchange({ device_label: "canary-label", subject_token: link }, { "idempotency-key": key })
    keep("first session token", first.body["access_token"])
    const again = yield* exchange({ device_label: "canary-label", subject_token: link }, { "idempotency-key": key })
    const token = keep("session token", again.body["access_token"])
    const ticket = keep("ticket", yield* ticketOf(base, token))
    const live = yield* offer(base, [subprotocol, ticketPrefix + ticket])
    const following = yield* live.follow()
    const sse = yield* listen(base, { headers: withBearer(token) })

    // Everything that makes one.
    const { browser } = yield* pairBrowser()
    keep("cookie half", browser.cookie.split("=")[1])
    keep("storage half", browser.storage)
    const ofCall = yield* live.call("access.issuePairing", { role: "member" })
    const called = keep("pairing token of a call", ofCall.exit?.value?.["token"])
    const session = yield* live.call("access.issueSession", { role: "member" })
    const member = keep("session token of a call", session.exit?.value?.["token"])
    const overHttp = yield* callJson("POST", "/api/access/pairings", {}, withBearer(token))
    const revoked = keep("revoked pairing token", overHttp.body["token"])
    yield* live.call("access.revokePairing", { id: (overHttp.body["pairing"] as { readonly id: string }).id })
    keep("machine's pairing token", (yield* control(baseDir, "POST", "/api/access/pairings", {})).body["token"])

    // Everything that refuses one, wherever it was put.
    yield* refused(exchange({ device_label: "Thief", subject_token: link }))
    yield* refused(exchange({ subject_token: link.toLowerCase().match(/.{4}/g)?.join("-") ?? "" }))
    yield* refused(exchange({ subject_token: revoked }))
    yield* refused(exchange({ actor_token: token, scope: "no:such", subject_token: called }))
    yield* refused(exchange({ subject_token: token }))
    yield* refused(exchange({ grant_type: called, subject_token: called }))
    yield* refused(callJson("POST", "/api/session", { device: called, token: called }))
    yield* refused(callJson("POST", "/api/session", called))
    yield* refused(
      call("/api/session", {
        body: `{"token":"${called}`,
        headers: { "content-type": "application/json" },
        method: "POST"
      })
    )
    yield* refused(call("/api/session", { headers: withBearer(`${token}x`) }))
    yield* refused(call("/api/session", { headers: { authorization: `Basic ${token}` } }))
    yield* refused(call(`/api/session?access_token=${token}`))
    yield* refused(call(`/nowhere/${token}`, { headers: withBearer(token) }))
    yield* refused(call(`/api/access/sessions/${token}`, { headers: withBearer(token), method: "DELETE" }))
    yield* refused(call(`/api/access/log?cursor=${token}`, { headers: withBearer(token) }))
    yield* refused(call("/api/access/sessions", { headers: withBearer(member) }))
    yield* refused(call("/api/session", { headers: withHalves({ ...browser, storage: token }) }))
    const tickets = [ticket, keep("second ticket", yield* ticketOf(base, token)), token]
    for (const it of tickets)
      yield* refusal(port, it, { path: `/ws?ticket=${it}`, headers: { Cookie: it, Origin: base } })
    yield* raw.send({ host: "127.0.0.1", port }, handshake(port, ticket).replace("\r\n\r\n", `\r\n${token}\r\n\r\n`))

    // Calls that fail, and connections that break, with one in their hands.
    yield* live.call("access.renameSession", { id: token, label: token })
    yield* live.call(token, { token })
    yield* live.call("access.revokePairing", { id: called, token })
    const broken = yield* connect(base, token)
    broken.send(`{"_tag":"${token}"`)
    yield* broken.closed
    const others = yield* connect(base, member)
    yield* others.call("access.listSessions", {}, { headers: [["authorization", `Bearer ${token}`]] })

    // A disk that fails in the middle of it, about which much is logged.
    const database = new Sqlite(join(baseDir, "t3.db"))
    const open = keep("unused pairing token", yield* pairingToken())
    database.exec("ALTER TABLE t3_access_log RENAME TO t3_away")
    yield* refused(exchange({ actor_token: token, subject_token: open }, { "idempotency-key": key }))
    yield* refused(callJson("POST", "/api/session", { token: open }, withHalves(browser)))
    yield* refused(callJson("POST", "/api/access/sessions", {}, withBearer(token)))
    yield* live.call("access.issuePairing", { role: "member" })
    yield* refused(call("/oauth/revoke", { body: new URLSearchParams({ token: member }), method: "POST" }))
    database.exec("ALTER TABLE t3_away RENAME TO t3_access_log")
    database.close()

    // And the end of it all.
    yield* call("/oauth/revoke", { body: new URLSearchParams({ token: member }), method: "POST" })
    yield* live.call("access.listSessions")
    const page = yield* control(baseDir, "GET", "/api/access/log?limit=200")
    const lists = yield* live.call("access.listPairings", { all: "true" })
    const events = JSON.stringify(following.items) + sse.text()
    yield* call("/api/session", { headers: withBearer(token), method: "DELETE" })
    yield* live.closed

    assert.strictEqual(secrets.size, 13)
    assert.include(events, "canary-label")
    assert.deepStrictEqual(found(events, secrets), [])
    assert.deepStrictEqual(found(JSON.stringify([page.body, lists]), secrets), [])
    assert.deepStrictEqual(found(JSON.stringify(told.map(({ text }) => text)), secrets), [])
    const all = files(baseDir)
    assert.includeMembers(all.map(([name]) => name), ["t3.db", "t3.db-wal"])
    assert.isTrue(all.some(([, text]) => text.includes("canary-label")))
    for (const [name, text] of all) assert.deepStrictEqual(found(text, secrets), [], name)
    assert.include(log.lines.join("\n"), "PairingStore.redeem failed")
    assert.deepStrictEqual(found(log.lines.join("\n"), secrets), [])
  }).pipe(Effect.provide(Layer.provideMerge(layerMachine(), log.layer)))
})
