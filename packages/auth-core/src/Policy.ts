/**
 * How long things live, and which rights exist. Defaults are the product's; a host may provide its own.
 *
 * @since 0.1.0
 */
import { ofRole, type Role, type Scope } from "@t3/protocol/Scope"
import { idleSeconds } from "@t3/protocol/Session"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"

/** Tokens of a bucket: at most `most`, and one more `every` so many milliseconds. */
export interface Allowance {
  readonly most: number
  readonly every: number
}

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
    /** And no more than this many of them. */
    keepLogEntries: 10_000,
    /** Of which at most this many are of secrets that are not on file: whoever guesses must not crowd out the rest. */
    keepLogUnknown: 2_000,
    /** Wrong secrets that a network, and all together, may present; see docs/adr/0010-failures-are-counted.md. */
    failures: {
      network: { every: 2_000, most: 20 } satisfies Allowance as Allowance,
      all: { every: 50, most: 200 } satisfies Allowance as Allowance
    },
    /** The scopes of a role; a host adds its own here. */
    scopesOf: (role: Role): ReadonlyArray<Scope> => ofRole(role)
  })
}) {}
