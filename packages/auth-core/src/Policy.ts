/**
 * How long things live, and which rights exist. Defaults are the product's; a host may provide its own.
 *
 * @since 0.1.0
 */
import { ofRole, type Role, type Scope } from "@t3/protocol/Scope"
import { idleSeconds } from "@t3/protocol/Session"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"

export class Policy extends Context.Reference<Policy>()("@t3/auth-core/Policy", {
  defaultValue: () => ({
    /** A session that is not used for this long ends. */
    idle: Duration.seconds(idleSeconds),
    /** The use of a session is written at most this often; a crash may lose that much. */
    renewEvery: Duration.minutes(10),
    /** A device that lost the answer to its exchange may repeat it for this long. */
    repeatWithin: Duration.seconds(60),
    /** Ended pairings and sessions are kept this long, so that the reason can be told. */
    keepEnded: Duration.days(30),
    /** The access log keeps entries this long. */
    keepLog: Duration.days(90),
    /** The scopes of a role; a host adds its own here. */
    scopesOf: (role: Role): ReadonlyArray<Scope> => ofRole(role)
  })
}) {}
