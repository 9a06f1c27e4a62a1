import { assert, layer } from "@effect/vitest"
import { Api } from "@t3/protocol/Api"
import { alphabet } from "@t3/protocol/Crockford"
import { SessionId } from "@t3/protocol/Ids"
import { routeScopes } from "@t3/protocol/RouteScopes"
import { builtIn } from "@t3/protocol/Scope"
import { Effect } from "effect"
import { createHash } from "node:crypto"
import { bearer, call, callJson, exchange, pairBrowser, pairingToken, withBearer, withHalves } from "../../test/api.ts"
import { baseUrl, layerServer } from "../../test/withServer.ts"
import { T3Server } from "../T3Server.ts"

/** Every route, with a request that is refused for its content where it takes any, so that nothing changes. */
const routes = Object.values(Api.groups).flatMap((group) =>
  Object.values(group.endpoints).map((endpoint) => ({
    body: endpoint.method === "POST" || endpoint.method === "PATCH" ? { body: "[]" } : {},
    method: endpoint.method,
    path: endpoint.path.replace(":id", "000000000000"),
    requirement: routeScopes[`${group.identifier}.${endpoint.name}` as keyof typeof routeScopes]
  }))
)

const request = (route: typeof routes[number], headers: Record<string, string>) => {
  const type = route.path.startsWith("/oauth") ? "application/x-www-form-urlencoded" : "application/json"
  return call(route.path, { ...route.body, headers: { "content-type": type, ...headers }, method: route.method })
}

layer(layerServer(), { excludeTestServices: true })("every route", (it) => {
  for (const route of routes) {
    const name = `${route.method} ${route.path}`

    it.effect(`${name} takes ${route.requirement}`, () =>
      Effect.gen(function*() {
        for (const scope of builtIn) {
          const { body, status } = yield* request(route, withBearer(yield* bearer(scope)))
          if (route.requirement === "control") {
            assert.deepStrictEqual([status, body["_tag"]], [404, "NotFound"], scope)
            continue
          }
          const allowed = route.requirement === "public" || route.requirement === "session" ||
            route.requirement === scope
          if (allowed) {
            assert.include([200, 400, 404], status, scope)
            if (status !== 200) assert.include(["Invalid", "NotFound"], body["_tag"], scope)
          } else {
            assert.deepStrictEqual(
              [status, body["_tag"], body["required"]],
              [403, "ScopeRequired", route.requirement],
              scope
            )
          }
        }
      }))

    it.effect(`${name} without a credential`, () =>
      Effect.gen(function*() {
        const { body, headers, status } = yield* request(route, {})
        if (route.requirement === "public") {
          assert.notStrictEqual(status, 401)
        } else if (route.requirement === "control") {
          assert.strictEqual(status, 404)
        } else {
          assert.deepStrictEqual([status, body["_tag"]], [401, "Unauthenticated"])
          assert.strictEqual(headers.get("www-authenticate"), "Bearer")
        }
      }))
  }
})

/** A token for the same session, well-formed, with another secret. */
const forge = (token: string) => {
  const body = token.slice(0, -7) + (token.at(-7) === "0" ? "1" : "0")
  const sum = createHash("sha256").update(body).digest().subarray(0, 6)
  return body + Array.from(sum, (byte) => alphabet[byte & 31]).join("").toLowerCase()
}

layer(layerServer(), { excludeTestServices: true })("the credential", (it) => {
  const whoAmI = (headers: Record<string, string>) =>
    Effect.map(
      call("/api/session", { headers }),
      ({ body, status }) => status === 200 ? 200 : `${status} ${String(body["_tag"])}`
    )

  it.effect("is a bearer token, however the scheme is spelled", () =>
    Effect.gen(function*() {
      const token = yield* bearer()
      for (const authorization of [`Bearer ${token}`, `bearer ${token}`, `BEARER   ${token}`]) {
        assert.strictEqual(yield* whoAmI({ authorization }), 200, authorization.slice(0, 10))
      }
    }))

  it.effect("keeps the browser's cookie alive while it is used, and takes it back when it signs out", () =>
    Effect.gen(function*() {
      const { browser: { cookie, storage } } = yield* pairBrowser()
      const headers = { cookie, "t3-session": storage }
      const renewed = (yield* call("/api/session", { headers })).headers.get("set-cookie") ?? ""
      assert.isTrue(renewed.startsWith(`${cookie};`), renewed)
      assert.include(renewed, "Max-Age=34560000; Path=/; HttpOnly; SameSite=Strict")
      const signedOut = yield* call("/api/session", { headers, method: "DELETE" })
      assert.include(signedOut.headers.get("set-cookie") ?? "", "=; Max-Age=0;")
    }))

  it.effect("is of no other scheme, form or kind", () =>
    Effect.gen(function*() {
      const token = yield* bearer()
      const { browser: { cookie, storage } } = yield* pairBrowser()
      const others = [
        "",
        "Bearer",
        "Bearer ",
        token,
        `Basic ${token}`,
        `Token ${token}`,
        `Bearer:${token}`,
        `Bearer${token}`,
        `Bearer ${token} ${token}`,
        `Bearer ${token}, Bearer ${token}`,
        `Bearer "${token}"`,
        `Bearer ${token.slice(0, -1)}`,
        `Bearer ${token.toUpperCase()}`,
        `Bearer ${token.slice(0, -7)}${token.slice(-7) === "0000000" ? "1111111" : "0000000"}`,
        `Bearer ${yield* pairingToken()}`,
        `Bearer ${storage}`,
        `Bearer ${cookie.replace(/^.*=/, "")}`,
        "Bearer t3s_",
        `Bearer t3s_${"0".repeat(70)}`
      ]
      for (const authorization of others) {
        assert.strictEqual(yield* whoAmI({ authorization }), "401 Unauthenticated", authorization)
      }
    }))

  it.effect("9: is the bearer token where there is one, whatever a browser sends beside it", () =>
    Effect.gen(function*() {
      const token = yield* bearer()
      const { browser } = yield* pairBrowser()
      const halves = withHalves(browser)
      const stale = { cookie: browser.cookie.replace(/=.*/, "=t3c_stale"), "t3-session": "t3b_stale" }
      assert.strictEqual(yield* whoAmI({ ...stale, ...withBearer(token) }), 200)
      assert.strictEqual(yield* whoAmI({ ...halves, ...withBearer(`${token}x`) }), "401 Unauthenticated")
      assert.strictEqual(yield* whoAmI({ ...halves, authorization: "Basic eDp5" }), "401 Unauthenticated")
      assert.strictEqual(yield* whoAmI({ ...halves, authorization: "" }), "401 Unauthenticated")
      assert.strictEqual(yield* whoAmI(halves), 200)
    }))

  it.effect("of a browser has two halves, which are nothing alone", () =>
    Effect.gen(function*() {
      const { browser } = yield* pairBrowser()
      const { cookie, storage } = browser
      const name = cookie.replace(/=.*/, "")
      const refused = [
        { cookie },
        { "t3-session": storage },
        { cookie: `${name}=${storage}`, "t3-session": storage },
        { cookie, "t3-session": cookie.replace(/^.*=/, "") },
        { cookie: `${name}=${storage}`, "t3-session": cookie.replace(/^.*=/, "") },
        { cookie: cookie.replace(/_http=/, "_https="), "t3-session": storage },
        { cookie: `${cookie}x`, "t3-session": storage },
        { cookie, "t3-session": "" }
      ]
      for (const headers of refused) {
        assert.strictEqual(
          yield* whoAmI(headers as Record<string, string>),
          "401 Unauthenticated",
          JSON.stringify(Object.keys(headers))
        )
      }
      assert.strictEqual(yield* whoAmI(withHalves(browser)), 200)
      assert.strictEqual(yield* whoAmI(withHalves({ cookie: `a=b; ${cookie}; c=d`, storage })), 200)
    }))

  it.effect("of a browser with halves of two sessions is told as such", () =>
    Effect.gen(function*() {
      const one = (yield* pairBrowser()).browser
      const two = (yield* pairBrowser()).browser
      assert.strictEqual(yield* whoAmI(withHalves({ cookie: one.cookie, storage: two.storage })), "409 Conflict")
      assert.strictEqual(yield* whoAmI(withHalves(one)), 200)
      assert.strictEqual(yield* whoAmI(withHalves(two)), 200)
    }))

  it.effect("9: of a browser with two environments on one host belongs to each", () =>
    Effect.gen(function*() {
      const here = yield* pairBrowser()
      const other = yield* Effect.provide(Effect.all({ base: baseUrl, pair: pairBrowser() }), layerServer()).pipe(
        Effect.scoped
      )
      assert.notStrictEqual(here.name, other.pair.name)
      const both = `${other.pair.browser.cookie}; ${here.browser.cookie}`
      assert.strictEqual(yield* whoAmI(withHalves({ cookie: both, storage: here.browser.storage })), 200)
    }))

  it.effect("4: that has ended says how", () =>
    Effect.gen(function*() {
      const { access } = yield* T3Server
      const { body } = yield* exchange({ subject_token: yield* pairingToken() })
      const headers = withBearer(String(body["access_token"]))
      assert.strictEqual(yield* whoAmI(headers), 200)
      yield* access.revokeSession(SessionId.make(String(body["session_id"])))
      assert.strictEqual(yield* whoAmI(headers), "401 SessionRevoked")
      // Who only knows the id learns nothing of that.
      assert.strictEqual(yield* whoAmI(withBearer(forge(String(body["access_token"])))), "401 Unauthenticated")
    }))

  it.effect("of a device that signs out is over at once", () =>
    Effect.gen(function*() {
      const headers = withHalves((yield* pairBrowser()).browser)
      assert.strictEqual((yield* call("/api/session", { headers, method: "DELETE" })).status, 200)
      assert.strictEqual(yield* whoAmI(headers), "401 SessionRevoked")
    }))

  it.effect("is checked before the request is read", () =>
    Effect.gen(function*() {
      const answer = yield* callJson("POST", "/api/access/pairings", { ttl: -1 })
      assert.strictEqual(answer.body["_tag"], "Unauthenticated")
    }))
})
