import { assert, it } from "@effect/vitest"
import { routeScopes } from "@t3/protocol/RouteScopes"
import { rpcScopes } from "@t3/protocol/RpcScopes"

const routes: Readonly<Record<string, string>> = routeScopes

it("a call takes the right that its route takes, and one to change for whatever changes who gets in", () => {
  for (const [name, requirement] of Object.entries(rpcScopes)) {
    if (name.startsWith("access.")) {
      assert.strictEqual(requirement, /^access\.(?:list|read)/.test(name) ? "access:read" : "access:write", name)
      assert.strictEqual(requirement, routes[name], name)
    } else assert.strictEqual(requirement, "session", name)
  }
})
