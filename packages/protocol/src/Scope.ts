/**
 * Rights, and the named sets of them.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"

/** One right, `noun:verb`. Hosts that embed the server add their own. At most 64 characters. */
export const Scope = Schema.String.pipe(
  Schema.maxLength(64),
  Schema.pattern(/^[a-z][a-z0-9-]*:[a-z][a-z0-9-]*$/, {
    identifier: "Scope",
    message: () => "a scope looks like noun:verb"
  }),
  Schema.brand("@t3/Scope")
)
export type Scope = typeof Scope.Type

/** The rights this product itself knows. */
export const BuiltIn = Schema.Literal(
  "environment:read",
  "project:read",
  "project:write",
  "access:read",
  "access:write"
)
export type BuiltIn = typeof BuiltIn.Type

/** The rights this product itself knows, from the least to the most. */
export const builtIn: ReadonlyArray<Scope> = BuiltIn.literals.map((name) => Scope.make(name))

/** A named set of rights: `viewer` looks, `member` also works with projects, `owner` also decides who gets in. */
export const Role = Schema.Literal("viewer", "member", "owner")
export type Role = typeof Role.Type

const extent: Record<Role, number> = { viewer: 2, member: 3, owner: builtIn.length }

/** The built-in scopes of a role. A host that adds scopes says itself which roles have them. */
export const ofRole = (role: Role): ReadonlyArray<Scope> => builtIn.slice(0, extent[role])
