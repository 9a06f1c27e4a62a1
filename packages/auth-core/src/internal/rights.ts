/** Nobody hands out more than they hold at that moment. */
import type * as SqlClient from "@effect/sql/SqlClient"
import type { Actor } from "@t3/protocol/Actor"
import { Invalid, ScopeRequired, SessionExpired, SessionRevoked, Unauthenticated } from "@t3/protocol/Errors"
import type { Role, Scope } from "@t3/protocol/Scope"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import type { Policy } from "../Policy.ts"
import { decodeRows, isOver } from "./SessionRow.ts"

export interface Rights {
  readonly role: Role
  readonly scopes: ReadonlyArray<Scope>
}

type PolicyShape = typeof Policy.Service

/**
 * What the actor holds now. For a session this is the first statement of the caller's transaction and a write, so that
 * nothing can end the session before the transaction does.
 */
export const rightsOf = Effect.fnUntraced(
  function*(sql: SqlClient.SqlClient, policy: PolicyShape, actor: Actor, now: number) {
    const owner: Rights = { role: "owner", scopes: policy.scopesOf("owner") }
    if (actor.kind !== "session") return owner
    const [row] = yield* decodeRows(
      yield* sql`UPDATE t3_sessions SET last_used_at = last_used_at WHERE id = ${actor.sessionId} RETURNING *`
    ).pipe(Effect.orDie)
    if (row === undefined) return yield* new Unauthenticated()
    if (row.revoked_at !== null) return yield* new SessionRevoked()
    if (isOver(row, now)) return yield* new SessionExpired()
    const held: Rights = { role: row.role, scopes: row.scopes }
    return held
  }
)

/** The scopes that `rights` can give for a request, or why not. Unknown scope names are ignored. */
export const grant = (
  policy: PolicyShape,
  rights: Rights,
  request: { readonly role: Role; readonly scopes?: ReadonlyArray<Scope> }
): Either.Either<ReadonlyArray<Scope>, Invalid | ScopeRequired> => {
  const ofRole = policy.scopesOf(request.role)
  const ofOwnRole = policy.scopesOf(rights.role)
  const beyond = ofRole.find((scope) => !ofOwnRole.includes(scope))
  if (beyond !== undefined) return Either.left(ScopeRequired.of(beyond))
  const known = policy.scopesOf("owner")
  const wanted = request.scopes === undefined
    ? ofRole
    : known.filter((scope) => request.scopes?.includes(scope))
  if (wanted.length === 0) {
    return Either.left(
      new Invalid({ hint: `Known scopes: ${known.join(", ")}.`, message: "None of the scopes asked for is known." })
    )
  }
  const outside = wanted.find((scope) => !ofRole.includes(scope))
  if (outside !== undefined) {
    return Either.left(
      new Invalid({
        hint: "Leave it out, or choose a role that has it.",
        message: `The role ${request.role} does not include ${outside}.`
      })
    )
  }
  const missing = wanted.find((scope) => !rights.scopes.includes(scope))
  return missing === undefined ? Either.right(wanted) : Either.left(ScopeRequired.of(missing))
}
