/**
 * The one table that says which right each route needs. A route without a row does not type-check.
 *
 * @since 0.1.0
 */
import type * as HttpApi from "@effect/platform/HttpApi"
import type * as HttpApiGroup from "@effect/platform/HttpApiGroup"
import { Api } from "./Api.ts"
import type { BuiltIn } from "./Scope.ts"

/**
 * `public`: anyone who can reach the port. `session`: any live session. `control`: only the account that owns the
 * machine, over the control socket. Else the scope it takes.
 */
export type Requirement = "public" | "session" | "control" | BuiltIn

type Groups = typeof Api extends HttpApi.HttpApi<infer _Id, infer Groups, infer _E, infer _R> ? Groups : never

type RouteName<Group> = Group extends
  HttpApiGroup.HttpApiGroup<infer Name, infer Endpoints, infer _E, infer _R, infer _T> ? `${Name}.${Endpoints["name"]}`
  : never

/** Every route, by group and endpoint. */
export const routeScopes: Readonly<Record<RouteName<Groups>, Requirement>> = {
  "environment.descriptor": "public",
  "environment.health": "public",
  "oauth.token": "public",
  "oauth.revoke": "public",
  "oauth.metadata": "public",
  "browser.pair": "public",
  "session.whoAmI": "session",
  "session.signOut": "session",
  "session.environment": "environment:read",
  "session.ticket": "session",
  "session.events": "session",
  "access.listPairings": "access:read",
  "access.issuePairing": "access:write",
  "access.revokePairing": "access:write",
  "access.listSessions": "access:read",
  "access.issueSession": "access:write",
  "access.renameSession": "access:write",
  "access.revokeSession": "access:write",
  "access.revokeAllSessions": "access:write",
  "access.revokeOtherSessions": "access:write",
  "access.readLog": "access:read",
  "control.status": "control"
}

/** The same table by `METHOD /path/:id`, as a router knows a route. */
export const byRoute: ReadonlyMap<string, Requirement> = new Map(
  Object.values(Api.groups).flatMap((group) =>
    Object.values(group.endpoints).map((endpoint) =>
      [
        `${endpoint.method} ${endpoint.path}`,
        routeScopes[`${group.identifier}.${endpoint.name}` as keyof typeof routeScopes]
      ] as const
    )
  )
)
