import { assert, describe, it, layer } from "@effect/vitest"
import { LiveRpcs } from "@t3/protocol/LiveRpcs"
import { rpcScopes } from "@t3/protocol/RpcScopes"
import { builtIn } from "@t3/protocol/Scope"
import { Effect } from "effect"
import { bearer, pairBrowser, withBearer } from "../../test/api.ts"
import { control, issueSession, revokeSession } from "../../test/control.ts"
import { connect, outcome } from "../../test/live.ts"
import { until } from "../../test/until.ts"
import { BaseDir, baseUrl, layerMachine } from "../../test/withServer.ts"

const nobody = "000000000000"

/** What each call takes; of those that exist, and where it changes nothing that matters here. */
const payloads: Readonly<Record<keyof typeof rpcScopes, object>> = {
  "access.issuePairing": { role: "owner", scopes: ["access:write"] },
  "access.issueSession": { role: "owner", scopes: ["access:write"] },
  "access.listPairings": {},
  "access.listSessions": {},
  "access.readLog": {},
  "access.renameSession": { id: nobody, label: "other" },
  "access.revokeAllSessions": {},
  "access.revokeOtherSessions": {},
  "access.revokePairing": { id: nobody },
  "access.revokeSession": { id: nobody },
  "events.follow": {},
  "session.whoAmI": {}
}

const names = Array.from(LiveRpcs.requests.keys())

interface Entry {
  readonly event: string
  readonly reason?: string
  readonly sessionId?: string
  readonly actor?: { readonly sessionId?: string }
  readonly count: number
}

/** What the log has of a session being denied a right. */
const denials = (id: string) =>
  Effect.gen(function*() {
    const { body } = yield* control(yield* BaseDir, "GET", "/api/access/log?limit=200")
    return (body["items"] as ReadonlyArray<Entry>)
      .filter((entry) => entry.event === "scope.denied" && entry.sessionId === id && entry.actor?.sessionId === id)
      .map((entry) => entry.reason)
  })

describe("the table of calls", () => {
  it("has a row for each, and none beside", () => {
    assert.deepStrictEqual(Object.keys(rpcScopes).sort(), names.sort())
    // @ts-expect-error a table without all of its rows is no table
    const partial: typeof rpcScopes = { "session.whoAmI": "session" }
    assert.isDefined(partial)
  })
})

layer(layerMachine(), { excludeTestServices: true })("a call", (it) => {
  const open = (request: object) =>
    Effect.gen(function*() {
      const session = yield* issueSession(yield* BaseDir, request)
      return { ...session, live: yield* connect(yield* baseUrl, session.token) }
    })

  for (const name of names) {
    const requirement = rpcScopes[name as keyof typeof rpcScopes]

    it.scoped(`${name} takes ${requirement}, and leaves a line where it is missing`, () =>
      Effect.gen(function*() {
        for (const scope of builtIn) {
          const { id, live } = yield* open({ scopes: [scope] })
          const call = live.start(name, payloads[name as keyof typeof rpcScopes])
          if (requirement === "session" || requirement === scope) {
            if (name === "events.follow") {
              live.send({ _tag: "Interrupt", requestId: call })
              assert.notStrictEqual(outcome(yield* live.answer(call)), "ScopeRequired", scope)
              assert.strictEqual(live.messages[0]?.values?.[0]?._tag, "Position", scope)
            } else {
              assert.include(["Success", "NotFound"], outcome(yield* live.answer(call)), scope)
            }
            assert.deepStrictEqual(yield* denials(id), [], scope)
          } else {
            const { exit } = yield* live.answer(call)
            const { _tag, required } = exit?.cause?.error ?? {}
            assert.deepStrictEqual([_tag, required], ["ScopeRequired", requirement], scope)
            assert.deepStrictEqual(yield* denials(id), [requirement], scope)
          }
          const isEnd = name === "access.revokeAllSessions" && requirement === scope
          if (isEnd) yield* until("the connection ends", () => live.end() !== "")
          assert.strictEqual(live.end(), isEnd ? "4401 SessionRevoked" : "", scope)
        }
      }))
  }

  it.scoped("is that of its connection, whatever its message says", () =>
    Effect.gen(function*() {
      const owner = yield* bearer()
      const { browser } = yield* pairBrowser()
      const { id, live } = yield* open({ role: "viewer" })
      const headers = [
        ["authorization", `Bearer ${owner}`],
        ["t3-session", browser.storage],
        ["cookie", browser.cookie],
        ["host", "localhost"],
        ["x-forwarded-for", "192.0.2.1"]
      ]
      const claims = { clientId: 0, headers, session: owner, sessionId: nobody, spanId: "1", traceId: "1" }
      for (const more of [claims, { headers: withBearer(owner) }, { headers: "authorization" }]) {
        assert.strictEqual(outcome(yield* live.call("access.listSessions", {}, more)), "ScopeRequired")
        const { exit } = yield* live.call("session.whoAmI", {}, more)
        const session = exit?.value?.["session"] as { readonly id: string } | undefined
        assert.strictEqual(session?.id, id)
      }
    }))

  it.scoped("has the rights that its session has at that moment", () =>
    Effect.gen(function*() {
      const { id, live } = yield* open({ role: "viewer" })
      const baseDir = yield* BaseDir
      assert.strictEqual(outcome(yield* live.call("session.whoAmI")), "Success")
      yield* revokeSession(baseDir, id)
      live.start("session.whoAmI")
      assert.strictEqual(yield* live.closed, "4401 SessionRevoked")
      assert.lengthOf(live.messages, 1)
    }))

  it.scoped("hands out no more than its session holds", () =>
    Effect.gen(function*() {
      const { live } = yield* open({ scopes: ["access:write", "environment:read"] })
      for (const name of ["access.issuePairing", "access.issueSession"]) {
        const refused = yield* live.call(name, { role: "owner" })
        assert.strictEqual(outcome(refused), "ScopeRequired", name)
        const given = yield* live.call(name, { role: "viewer", scopes: ["environment:read"] })
        assert.strictEqual(outcome(given), "Success", name)
      }
    }))

  it.scoped("that lists sessions says which asks, and what each has open", () =>
    Effect.gen(function*() {
      const { id, live } = yield* open({})
      yield* connect(yield* baseUrl, (yield* issueSession(yield* BaseDir)).token)
      const { exit } = yield* live.call("access.listSessions")
      const items = exit?.value?.["items"] as ReadonlyArray<{ id: string; current: boolean; connections: number }>
      assert.deepStrictEqual(items.filter((it) => it.current).map((it) => it.id), [id])
      assert.deepStrictEqual(items.slice(0, 2).map((it) => it.connections), [1, 1])
    }))
})
