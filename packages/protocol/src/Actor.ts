/**
 * Who did something: a session, or one of the ways into the machine that need none.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"
import { SessionId } from "./Ids.ts"

/** The ways in that need no session: whoever has them owns the machine's account. */
export const LocalActor = Schema.Literal("startup", "cli", "desktop", "host")
export type LocalActor = typeof LocalActor.Type

/** `sessionId` is there if and only if `kind` is `session`. */
export const Actor = Schema.Union(
  Schema.Struct({ kind: LocalActor }),
  Schema.Struct({ kind: Schema.Literal("session"), sessionId: SessionId })
)
export type Actor = typeof Actor.Type
