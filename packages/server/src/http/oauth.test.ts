import { assert, layer } from "@effect/vitest"
import { SessionId } from "@t3/protocol/Ids"
import { pattern } from "@t3/protocol/SessionToken"
import { Effect } from "effect"
import {
  type Answer,
  bearer,
  call,
  callJson,
  exchange,
  grantType,
  pairBrowser,
  pairingToken,
  withBearer,
  withHalves
} from "../../test/api.ts"
import * as raw from "../../test/raw.ts"
import { baseUrl, layerServer, portOf } from "../../test/withServer.ts"
import { T3Server } from "../T3Server.ts"

const accessTokenType = "urn:ietf:params:oauth:token-type:access_token"

const works = (token: unknown) =>
  Effect.map(
    call("/api/session", { headers: withBearer(String(token)) }),
    ({ body, status }) => status === 200 ? "works" : body["_tag"]
  )

/** The shape of RFC 6749, 5.2, with ours beside. */
const isRefused = (answer: Answer, tag: string, error = "invalid_request") => {
  assert.deepStrictEqual([answer.status, answer.body["_tag"], answer.body["error"]], [400, tag, error], answer.text)
  assert.strictEqual(answer.body["error_description"], answer.body["message"])
  assert.strictEqual(answer.headers.get("cache-control"), "no-store")
}

const revoke = (fields: Record<string, string>) =>
  call("/oauth/revoke", { body: new URLSearchParams(fields), method: "POST" })

layer(layerServer({ label: "my machine" }), { excludeTestServices: true })("token exchange", (it) => {
  it.effect("answers as RFC 8693 says", () =>
    Effect.gen(function*() {
      const { environment } = yield* T3Server
      const { body, headers, status } = yield* exchange({
        device_kind: "phone",
        device_label: "Ann's",
        subject_token: yield* pairingToken()
      })
      assert.strictEqual(status, 200)
      assert.strictEqual(headers.get("cache-control"), "no-store")
      const { access_token, device_id, expires_in, session_id, ...rest } = body
      assert.approximately(Number(expires_in), 30 * 86_400, 5)
      assert.deepStrictEqual(rest, {
        environment: { id: environment.id, label: "my machine" },
        issued_token_type: accessTokenType,
        role: "owner",
        scope: "environment:read project:read project:write access:read access:write",
        token_type: "Bearer"
      })
      assert.match(String(access_token), pattern)
      const who = (yield* call("/api/session", { headers: withBearer(String(access_token)) }))
        .body["session"] as Record<string, unknown>
      assert.strictEqual(who["id"], session_id)
      assert.deepStrictEqual(who["device"], { id: device_id, kind: "phone", label: "Ann's" })
    }))

  it.effect("takes the token as people write it", () =>
    Effect.gen(function*() {
      const token = yield* pairingToken()
      const typed = ` ${token.slice(0, 4).toLowerCase()}-${token.slice(4, 8)} ${token.slice(8)}`.replaceAll("0", "o")
        .replaceAll("1", "l")
      assert.strictEqual((yield* exchange({ subject_token: typed })).status, 200)
    }))

  it.effect("gives no more than the link does, and less where less is asked for", () =>
    Effect.gen(function*() {
      const granted = (role: "viewer" | "member" | "owner", scope: string) =>
        Effect.flatMap(pairingToken(role), (subject_token) =>
          Effect.map(exchange({ scope, subject_token }), ({ body }) => body["scope"]))
      assert.strictEqual(yield* granted("viewer", "access:write environment:read"), "environment:read")
      assert.strictEqual(yield* granted("owner", "environment:read"), "environment:read")
      assert.strictEqual(
        yield* granted("owner", "  access:read   moon:walk environment:read "),
        "environment:read access:read"
      )
    }))

  it.effect("6: does not burn the link for what it refuses", () =>
    Effect.gen(function*() {
      const token = yield* pairingToken("viewer")
      isRefused(yield* exchange({ scope: "access:write", subject_token: token }), "Invalid")
      isRefused(yield* exchange({ device_kind: "toaster", subject_token: token }), "Invalid")
      isRefused(yield* exchange({ device_label: "x".repeat(2000), subject_token: token }), "Invalid")
      isRefused(yield* exchange({ actor_token: "t3s_", subject_token: token }), "Invalid")
      isRefused(yield* exchange({ subject_token: token }, { "idempotency-key": "short" }), "Invalid")
      assert.strictEqual((yield* exchange({ subject_token: token })).status, 200)
    }))

  it.effect("4: says of a link that is over how it ended, and of any other nothing", () =>
    Effect.gen(function*() {
      const { access } = yield* T3Server
      const used = yield* pairingToken()
      yield* exchange({ subject_token: used })
      isRefused(yield* exchange({ subject_token: used }), "PairingUsed")
      const token = yield* pairingToken()
      const [newest] = (yield* access.listPairings({ all: false, limit: 1 })).items
      if (newest !== undefined) yield* access.revokePairing(newest.id)
      isRefused(yield* exchange({ subject_token: token }), "PairingRevoked")
      isRefused(yield* exchange({ subject_token: "000000000000" }), "PairingUnknown")
    }))

  it.effect("refuses what is no such request, as RFC 6749 says", () =>
    Effect.gen(function*() {
      const subject_token = yield* pairingToken()
      isRefused(yield* exchange({ grant_type: "password", subject_token }), "Invalid", "unsupported_grant_type")
      isRefused(yield* exchange({ grant_type: "", subject_token }), "Invalid", "unsupported_grant_type")
      isRefused(yield* exchange({}), "Invalid")
      isRefused(yield* exchange({ subject_token: "" }), "Invalid")
      isRefused(yield* exchange({ subject_token: "K7QX-2M9P" }), "Invalid")
      isRefused(yield* exchange({ subject_token: "K7QX-2M9P-HTR!" }), "Invalid")
      isRefused(yield* exchange({ subject_token, subject_token_type: accessTokenType }), "Invalid")
      isRefused(
        yield* call("/oauth/token", { body: new URLSearchParams({ subject_token }), method: "POST" }),
        "Invalid"
      )
      const twice = new URLSearchParams({ grant_type: grantType, subject_token, subject_token_type: "x" })
      twice.append("subject_token", subject_token)
      isRefused(yield* call("/oauth/token", { body: twice, method: "POST" }), "Invalid")
      isRefused(yield* callJson("POST", "/oauth/token", { grant_type: grantType, subject_token }), "Invalid")
      assert.strictEqual((yield* exchange({ subject_token })).status, 200)
    }))

  it.effect("10: gives one session to one of many who send the same token", () =>
    Effect.gen(function*() {
      const subject_token = yield* pairingToken()
      const answers = yield* Effect.replicateEffect(exchange({ subject_token }), 16).pipe(
        Effect.withConcurrency("unbounded")
      )
      assert.deepStrictEqual(
        answers.map(({ body, status }) => status === 200 ? "won" : String(body["_tag"])).sort(),
        [...Array.from({ length: 15 }, () => "PairingUsed"), "won"]
      )
    }))

  it.effect("may be repeated with its key, by who lost the answer, until the session is used", () =>
    Effect.gen(function*() {
      const request = { device_label: "phone", subject_token: yield* pairingToken() }
      const key = { "idempotency-key": "a-key-of-this-device" }
      const first = yield* exchange(request, key)
      const again = yield* exchange(request, key)
      assert.deepStrictEqual([first.status, again.status], [200, 200])
      assert.strictEqual(again.body["session_id"], first.body["session_id"])
      assert.strictEqual(yield* works(first.body["access_token"]), "Unauthenticated")
      isRefused(yield* exchange(request, { "idempotency-key": "another-key" }), "PairingUsed")
      isRefused(yield* exchange({ ...request, device_label: "other" }, key), "PairingUsed")
      isRefused(yield* exchange(request), "PairingUsed")
      assert.strictEqual(yield* works(again.body["access_token"]), "works")
      isRefused(yield* exchange(request, key), "PairingUsed")
      assert.strictEqual(yield* works(again.body["access_token"]), "works")
    }))

  it.effect("replaces the session that the device proves it had", () =>
    Effect.gen(function*() {
      const first = (yield* exchange({ subject_token: yield* pairingToken() })).body
      const second = yield* exchange({
        actor_token: String(first["access_token"]),
        actor_token_type: accessTokenType,
        subject_token: yield* pairingToken()
      })
      assert.strictEqual(second.body["device_id"], first["device_id"])
      assert.strictEqual(yield* works(first["access_token"]), "SessionRevoked")
      assert.strictEqual(yield* works(second.body["access_token"]), "works")
    }))

  it.effect("replaces nothing where the proof is none", () =>
    Effect.gen(function*() {
      const { access } = yield* T3Server
      const first = (yield* exchange({ subject_token: yield* pairingToken() })).body
      const forged = String(yield* bearer()).slice(0, 4) + String(first["access_token"]).slice(4, 16) +
        String(yield* bearer()).slice(16)
      const second = yield* exchange({ actor_token: forged, subject_token: yield* pairingToken() })
      assert.strictEqual(second.status, 200)
      assert.notStrictEqual(second.body["device_id"], first["device_id"])
      assert.strictEqual(yield* works(first["access_token"]), "works")
      yield* access.revokeSession(SessionId.make(String(second.body["session_id"])))
    }))
})

layer(layerServer(), { excludeTestServices: true })("revocation and metadata", (it) => {
  it.effect("a device signs itself out, and may do so again", () =>
    Effect.gen(function*() {
      const token = yield* bearer()
      for (let times = 0; times < 2; times++) {
        const { body, status } = yield* revoke({ token, token_type_hint: "access_token" })
        assert.deepStrictEqual([status, body], [200, {}])
        assert.strictEqual(yield* works(token), "SessionRevoked")
      }
    }))

  it.effect("a token that is unknown, malformed or of another kind is revoked already", () =>
    Effect.gen(function*() {
      const { browser } = yield* pairBrowser()
      for (const token of ["x", "", `t3s_${"0".repeat(70)}`, browser.storage, yield* pairingToken()]) {
        assert.strictEqual((yield* revoke({ token })).status, 200, token.slice(0, 4))
      }
      assert.strictEqual((yield* call("/api/session", { headers: withHalves(browser) })).status, 200)
      isRefused(yield* revoke({}), "Invalid")
    }))

  it.effect("tells where things are, under the name that it was asked by", () =>
    Effect.gen(function*() {
      const base = yield* baseUrl
      const { body } = yield* call("/.well-known/oauth-authorization-server")
      assert.strictEqual(body["issuer"], base)
      assert.strictEqual(body["token_endpoint"], `${base}/oauth/token`)
      assert.strictEqual(body["revocation_endpoint"], `${base}/oauth/revoke`)
      assert.deepStrictEqual(body["grant_types_supported"], [grantType])
      const answer = yield* raw.send(
        { host: "127.0.0.1", port: portOf(base) },
        `GET ${base}/.well-known/oauth-authorization-server HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n`
      )
      assert.include(answer, `"issuer":"${base}"`)
    }))
})

layer(layerServer(), { excludeTestServices: true })("a browser", (it) => {
  it.effect("gets one half in a cookie that no script reads, the other in the answer", () =>
    Effect.gen(function*() {
      const { environment } = yield* T3Server
      const { answer, browser, cookie, name } = yield* pairBrowser()
      assert.strictEqual(answer.status, 201)
      assert.strictEqual(name, `t3_${environment.id}_http`)
      assert.match(
        cookie,
        new RegExp(`^${name}=t3c_[0-9a-z]{70}; Max-Age=34560000; Path=/; HttpOnly; SameSite=Strict$`)
      )
      assert.match(browser.storage, /^t3b_/)
      assert.notInclude(answer.text, "t3c_")
      assert.strictEqual(answer.headers.get("cache-control"), "no-store")
      const { body } = yield* call("/api/session", { headers: withHalves(browser) })
      const session = body["session"] as Record<string, unknown>
      assert.deepStrictEqual([session["kind"], session["current"]], ["browser", true])
    }))

  it.effect("that pairs again replaces its session, if it sends both halves", () =>
    Effect.gen(function*() {
      const first = yield* pairBrowser()
      const whoAmI = (headers: Record<string, string>) =>
        Effect.map(call("/api/session", { headers }), ({ status }) => status)
      const withOne = yield* callJson("POST", "/api/session", { token: yield* pairingToken() }, {
        "t3-session": first.browser.storage
      })
      assert.strictEqual(withOne.status, 201)
      assert.strictEqual(yield* whoAmI(withHalves(first.browser)), 200)
      const second = yield* pairBrowser(first.browser)
      assert.strictEqual(second.answer.status, 201)
      assert.strictEqual(yield* whoAmI(withHalves(first.browser)), 401)
      assert.strictEqual(yield* whoAmI(withHalves(second.browser)), 200)
    }))

  it.effect("is refused in our own shape, without a cookie", () =>
    Effect.gen(function*() {
      const { body, headers, status } = yield* callJson("POST", "/api/session", { token: "0000-0000-0000" })
      assert.deepStrictEqual([status, body["_tag"], body["error"]], [400, "PairingUnknown", undefined])
      assert.deepStrictEqual(headers.getSetCookie(), [])
    }))
})
