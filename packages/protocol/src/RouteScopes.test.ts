import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import { Api, Authorized } from "./Api.ts"
import { byRoute, routeScopes } from "./RouteScopes.ts"
import { BuiltIn } from "./Scope.ts"

const routes = Object.values(Api.groups).flatMap((group) =>
  Object.values(group.endpoints).map((endpoint) => ({
    guarded: [...Api.middlewares, ...group.middlewares, ...endpoint.middlewares].some((it) =>
      it.key === Authorized.key
    ),
    name: `${group.identifier}.${endpoint.name}`,
    route: `${endpoint.method} ${endpoint.path}`
  }))
)

const rows: Readonly<Record<string, string>> = routeScopes

describe("RouteScopes", () => {
  it("has one row for each endpoint, and no other", () => {
    assert.deepStrictEqual(Object.keys(rows).toSorted(), routes.map(({ name }) => name).toSorted())
  })

  it("knows each route by method and path", () => {
    assert.deepStrictEqual([...byRoute.keys()].toSorted(), routes.map(({ route }) => route).toSorted())
    for (const [route, requirement] of byRoute) {
      assert.isTrue(["control", "public", "session"].includes(requirement) || Schema.is(BuiltIn)(requirement), route)
    }
  })

  it.each(routes)("$name is behind the check of credentials unless it is public", ({ guarded, name, route }) => {
    assert.strictEqual(guarded, rows[name] !== "public")
    assert.strictEqual(byRoute.get(route), rows[name])
  })

  it("takes a right to change for whatever changes who gets in", () => {
    for (const [route, requirement] of byRoute) {
      if (!route.includes(" /api/access/")) continue
      assert.strictEqual(requirement, route.startsWith("GET ") ? "access:read" : "access:write", route)
    }
  })
})
