/**
 * Asks before more than one session ends, and shows which.
 *
 * @since 0.1.0
 */
import { Invalid } from "@t3/protocol/Errors"
import type { Session } from "@t3/protocol/Session"
import * as Effect from "effect/Effect"
import * as Ask from "../Ask.ts"
import { Declined } from "../Failure.ts"
import { Output } from "../Output.ts"
import { count } from "../Plural.ts"
import * as SessionName from "./SessionName.ts"

/** How many are shown by name. */
const shown = 8

/** What is asked. */
export const question = (sessions: ReadonlyArray<Session>): string => {
  const names = sessions.slice(0, shown).map((session) =>
    `${SessionName.of(session)} (${session.id}${session.current ? ", this one" : ""})`
  )
  const more = sessions.length > shown ? ` and ${sessions.length - shown} more` : ""
  return `Revoke ${count(sessions.length, "session")}: ${names.join(", ")}${more}?`
}

/** Goes on only with a yes (`Declined`), or where none is needed; `Invalid` where nobody can be asked. */
export const confirm = (sessions: ReadonlyArray<Session>, yes: boolean) =>
  Effect.gen(function*() {
    if (yes) return
    const output = yield* Output
    if (!output.interactive) {
      return yield* new Invalid({
        hint: "Look at `t3 auth session list`, and add --yes if all of that is to end.",
        message: `This needs a yes before ${count(sessions.length, "session")} may end, and ${output.unasked}.`
      })
    }
    if (yield* Ask.confirm(question(sessions))) return
    return yield* new Declined({ hint: "", message: "Nothing was revoked." })
  })
