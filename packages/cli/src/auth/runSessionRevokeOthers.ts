/**
 * `t3 auth session revoke-others`.
 *
 * @since 0.1.0
 */
import { Access } from "@t3/auth-core/Access"
import { Invalid } from "@t3/protocol/Errors"
import { Revocation } from "@t3/protocol/Session"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { Output, printJson } from "../Output.ts"
import * as Administer from "./Administer.ts"
import * as ConfirmRevocation from "./ConfirmRevocation.ts"
import * as Listing from "./Listing.ts"
import * as RevocationReport from "./RevocationReport.ts"

interface Values extends Administer.Where {
  readonly yes: boolean
}

const nothing: Revocation = { connectionsClosed: 0, linksRevoked: 0, sessions: [], sessionsPairedFromThem: 0 }

/** Ends every session there but the one that this machine has (`Invalid` without --env: it has none here). */
export const run = (values: Values) =>
  Effect.gen(function*() {
    if (Option.isNone(values.env)) {
      return yield* new Invalid({
        hint: "Say with --env where you are signed in, or end every session here: t3 auth session revoke --all",
        message: "On this machine you need no session, so none is yours and none are the others."
      })
    }
    const output = yield* Output
    const others = yield* Effect.flatMap(Access, (access) => Listing.everything(access.listSessions, false)).pipe(
      Effect.map((sessions) => sessions.filter(({ current }) => !current)),
      Effect.provide(Administer.layer(values))
    )
    if (others.length > 0) yield* ConfirmRevocation.confirm(others, values.yes)
    else yield* output.say("No other device is signed in.")
    const revocation = others.length === 0
      ? nothing
      : yield* Effect.flatMap(Access, (access) => access.revokeOtherSessions).pipe(
        Effect.provide(Administer.layer(values))
      )
    if (values.json) return yield* printJson(Schema.encodeSync(Revocation)(revocation))
    yield* Effect.forEach(RevocationReport.lines(revocation, others), output.print)
  })
