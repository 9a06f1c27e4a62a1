/**
 * The one table that says which right each call over the live connection needs. A call without a row does not type-check.
 *
 * @since 0.1.0
 */
import type * as RpcGroup from "@effect/rpc/RpcGroup"
import type { LiveRpcs } from "./LiveRpcs.ts"
import type { BuiltIn } from "./Scope.ts"

type RpcName = RpcGroup.Rpcs<typeof LiveRpcs>["_tag"]

/** `session`: any live session. Else the scope that the call takes. */
export const rpcScopes: Readonly<Record<RpcName, "session" | BuiltIn>> = {
  "session.whoAmI": "session",
  "events.follow": "session",
  "access.listPairings": "access:read",
  "access.issuePairing": "access:write",
  "access.revokePairing": "access:write",
  "access.listSessions": "access:read",
  "access.issueSession": "access:write",
  "access.renameSession": "access:write",
  "access.revokeSession": "access:write",
  "access.revokeAllSessions": "access:write",
  "access.revokeOtherSessions": "access:write",
  "access.readLog": "access:read"
}
