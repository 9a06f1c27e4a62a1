/**
 * Which rights a new link or session is to have, from `--role` and `--scope`.
 *
 * @since 0.1.0
 */
import { Invalid } from "@t3/protocol/Errors"
import * as Label from "@t3/protocol/Label"
import { ofRole, type Role, Scope } from "@t3/protocol/Scope"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"

/** The flags that say which. */
export interface GrantFlags {
  readonly role: Role
  readonly scope: ReadonlyArray<string>
}

const toScope = (text: string): Effect.Effect<Scope, Invalid> =>
  Effect.mapError(Schema.decode(Scope)(text), () =>
    new Invalid({
      hint: `A scope looks like noun:verb. An owner has ${ofRole("owner").join(", ")}.`,
      message: `--scope "${Label.clean(text)}" is no scope.`
    }))

/** The part of a request that says it. */
export const read = ({ role, scope }: GrantFlags): Effect.Effect<
  { readonly role: Role; readonly scopes?: ReadonlyArray<Scope> },
  Invalid
> =>
  Effect.map(
    Effect.forEach(scope, toScope),
    (scopes) => scopes.length === 0 ? { role } : { role, scopes }
  )
