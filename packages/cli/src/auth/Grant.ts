/**
 * Which rights a new link or session is to have, from `--role` and `--scope`.
 *
 * @since 0.1.0
 */
import { Invalid } from "@t3/protocol/Errors"
import * as Label from "@t3/protocol/Label"
import { ofRole, Role, Scope } from "@t3/protocol/Scope"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"

/** The flags that say which. */
export interface GrantFlags {
  readonly role: Option.Option<string>
  readonly scope: ReadonlyArray<string>
}

const toRole = (text: string): Effect.Effect<Role, Invalid> =>
  Effect.mapError(Schema.decodeUnknown(Role)(text), () =>
    new Invalid({
      hint: `Roles are ${Role.literals.join(", ")}.`,
      message: `--role "${Label.clean(text)}" is no role.`
    }))

const toScope = (text: string): Effect.Effect<Scope, Invalid> =>
  Effect.mapError(Schema.decode(Scope)(text), () =>
    new Invalid({
      hint: `A scope looks like noun:verb. An owner has ${ofRole("owner").join(", ")}.`,
      message: `--scope "${Label.clean(text)}" is no scope.`
    }))

/** The part of a request that says it. */
export const read = (flags: GrantFlags) =>
  Effect.gen(function*() {
    const role = yield* toRole(Option.getOrElse(flags.role, () => "member"))
    const scopes = yield* Effect.forEach(flags.scope, toScope)
    return scopes.length === 0 ? { role } : { role, scopes }
  })
