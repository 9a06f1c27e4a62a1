import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { inspect } from "node:util"
import * as T from "../test/server.ts"
import { open, pair, T3Error, type T3Session } from "./promise.ts"

const rejected = (promise: () => Promise<unknown>) =>
  Effect.flip(Effect.tryPromise({ try: promise, catch: (error) => error })).pipe(
    Effect.map((error) => {
      assert.instanceOf(error, T3Error)
      return error
    })
  )

const whole = T.serve((seen, response) => {
  switch (seen.route) {
    case "GET /api/session":
      return T.json(response, 200, { environment: T.granted.environment, session: T.session })
    case "GET /api/access/sessions?all=false&limit=200":
      return T.json(response, 200, { items: [T.session], next: "more" })
    case "GET /api/access/sessions?all=false&cursor=more&limit=200":
      return T.json(response, 200, { items: [{ ...T.session, current: false, id: "tttttttttttt" }] })
    case `DELETE /api/access/sessions/${T.ids.session}?withIssued=false`:
      return T.json(response, 200, {
        connectionsClosed: 1,
        linksRevoked: 1,
        sessions: [T.ids.session],
        sessionsPairedFromThem: 2
      })
    case "POST /api/access/pairings": {
      const asked = JSON.parse(seen.body)
      return T.json(response, 201, {
        expiresIn: asked.ttl,
        pairing: {
          createdAt: "2026-01-01T00:00:00.000Z",
          expiresAt: "2026-01-01T00:05:00.000Z",
          id: "pppppppppppp",
          issuedBy: { kind: "session", sessionId: T.ids.session },
          label: asked.label,
          role: asked.role,
          scopes: asked.scopes ?? ["project:read"],
          state: "open"
        },
        token: T.token
      })
    }
    case "DELETE /api/session":
      return T.json(response, 200, {})
    default:
      return T.asT3(seen, response)
  }
})

const connect = Effect.gen(function*() {
  const server = yield* whole
  const session: T3Session = yield* Effect.promise(() => pair(`${server.url}/pair#t=${T.token}`))
  return { server, session }
})

describe("the Promise API", () => {
  it.scopedLive("pairs, asks, administers and signs out in plain values", () =>
    Effect.gen(function*() {
      const { server, session } = yield* connect
      yield* Effect.promise(async () => {
        assert.strictEqual(session.environment.label, "box")
        assert.strictEqual((await session.whoAmI()).session.createdAt.toISOString(), "2026-01-01T00:00:00.000Z")
        assert.deepStrictEqual((await session.listSessions()).map(({ id }) => id), [T.ids.session, "tttttttttttt"])
        assert.strictEqual((await session.revokeSession(T.ids.session)).sessionsPairedFromThem, 2)
        const pairing = await session.createPairing({ label: "phone", scopes: ["project:read"], ttl: 60 })
        assert.strictEqual(pairing.expiresIn, 60)
        assert.strictEqual(pairing.role, "member")
        assert.strictEqual(pairing.unsafeToken(), "K7QX-2M9P-HTRD")
        assert.strictEqual(pairing.unsafeLink(), `${server.url}/pair#t=${T.token}`)
        assert.notInclude(inspect(pairing) + JSON.stringify(pairing), "K7QX")
        await session.signOut()
      })
      assert.isTrue(server.seen.slice(2).every((seen) => seen.headers.authorization === `Bearer ${T.sessionToken}`))
      assert.strictEqual(server.seen.length, 8)
    }))

  it.scopedLive("shows the token only to who asks for it, and takes it back", () =>
    Effect.gen(function*() {
      const { server, session } = yield* connect
      assert.strictEqual(session.unsafeToken(), T.sessionToken)
      assert.notInclude(inspect(session, { depth: 9, showHidden: true }) + JSON.stringify(session), "t3s_")
      const again = yield* Effect.promise(() => open({ connectionString: server.url, token: session.unsafeToken() }))
      assert.strictEqual(again.sessionId, T.ids.session)
      assert.strictEqual(again.role, "owner")
    }))

  it.scopedLive("rejects with one class of error that says what to do", () =>
    Effect.gen(function*() {
      const server = yield* T.serve((seen, response) =>
        seen.route === "POST /oauth/token"
          ? T.json(response, 429, { _tag: "RateLimited", hint: "wait", message: "slow down", retryAfter: 7 })
          : T.asT3(seen, response)
      )
      const error = yield* rejected(() => pair({ host: server.url, token: T.token }))
      assert.strictEqual(error.name, "T3Error")
      assert.strictEqual(error.code, "RateLimited")
      assert.strictEqual(error.message, "slow down")
      assert.strictEqual(error.hint, "wait")
      assert.strictEqual(error.retryAfter, 7)
    }))

  it.scopedLive("refuses what cannot be right without asking anyone or quoting a secret", () =>
    Effect.gen(function*() {
      const { server, session } = yield* connect
      const asked = server.seen.length
      for (
        const [code, call] of [
          ["Invalid", () => session.revokeSession("../../session")],
          ["Invalid", () => session.createPairing({ scopes: ["everything"] })],
          ["Invalid", () => session.createPairing({ ttl: 0 })],
          ["Invalid", () => open({ connectionString: server.url, token: "t3s_SECRET\n" })],
          ["Invalid", () =>
            pair({ host: server.url, token: T.token }, {
              earlier: [{ connectionString: server.url, environmentId: T.ids.environment, token: "SECRET" }]
            })],
          ["InsecureAddress", () => open({ connectionString: "http://192.168.1.20:3773", token: T.sessionToken })]
        ] as const
      ) {
        const error = yield* rejected(call)
        assert.strictEqual(error.code, code)
        assert.notInclude(inspect(error), "SECRET")
      }
      assert.strictEqual(server.seen.length, asked)
    }))
})
