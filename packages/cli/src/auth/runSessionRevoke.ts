/**
 * `t3 auth session revoke`.
 *
 * @since 0.1.0
 */
import { Access } from "@t3/auth-core/Access"
import { Invalid, NotFound, type Refusal } from "@t3/protocol/Errors"
import { Revocation, type Session } from "@t3/protocol/Session"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Schema from "effect/Schema"
import { Output, printJson } from "../Output.ts"
import * as Administer from "./Administer.ts"
import * as ConfirmRevocation from "./ConfirmRevocation.ts"
import * as Lineage from "./Lineage.ts"
import * as Listing from "./Listing.ts"
import * as RevocationReport from "./RevocationReport.ts"
import * as SessionName from "./SessionName.ts"

interface Values extends Administer.Where {
  readonly ids: ReadonlyArray<string>
  readonly all: boolean
  readonly withIssued: boolean
  readonly yes: boolean
}

/** The sessions to revoke, in their order, and all that end with them. */
interface Plan {
  readonly revoke: ReadonlyArray<Session>
  readonly ends: ReadonlyArray<Session>
}

const checkUsage = ({ all, ids }: Values): Effect.Effect<void, Invalid> => {
  if (all && ids.length > 0) {
    return new Invalid({
      hint: "Leave out either: --all ends every session, ids only those.",
      message: "Ids and --all do not go together."
    })
  }
  return all || ids.length > 0 ? Effect.void : new Invalid({
    hint: "Take an id from `t3 auth session list`, or --all to end every session.",
    message: "There is no id of a session to revoke."
  })
}

/** The session that asks goes last: with it go the rights to revoke the others. */
const ownLast = (sessions: ReadonlyArray<Session>, holdsOwn: (session: Session) => boolean): ReadonlyArray<Session> => [
  ...sessions.filter((session) => !holdsOwn(session)),
  ...sessions.filter(holdsOwn)
]

const isOwn = ({ current }: Session): boolean => current

/** The sessions that the ids name, each once. */
const named = (ids: ReadonlyArray<string>) =>
  Effect.gen(function*() {
    const { listSessions } = yield* Access
    const find = (id: string) => Listing.find({ describe: SessionName.of, list: listSessions, noun: "session" }, id)
    const found = yield* Effect.forEach(ids, find)
    return [...new Map(found.map((session) => [session.id, session])).values()]
  })

const planNamed = ({ ids, withIssued }: Values): Effect.Effect<Plan, Refusal, Access> =>
  Effect.gen(function*() {
    const found = yield* named(ids)
    if (withIssued) {
      const { listSessions } = yield* Access
      const everyone = yield* Listing.everything(listSessions, true)
      const heads = Lineage.heads(everyone, found)
      const holdsOwn = (session: Session) => Lineage.of(everyone, [session]).some(isOwn)
      const ends = Lineage.of(everyone, heads).filter(({ state }) => state === "live")
      return { ends, revoke: ownLast(heads, holdsOwn) }
    }
    const ended = found.find(({ state }) => state !== "live")
    if (ended !== undefined) {
      return yield* new NotFound({
        hint: "Nothing was revoked. See `t3 auth session list` for the sessions that live.",
        message: `The session ${ended.id} (${SessionName.of(ended)}) is ${ended.state} already.`
      })
    }
    return { ends: found, revoke: ownLast(found, isOwn) }
  })

/** What is to be asked about; what ends is all that lives then, also what was made in between. */
const planAll = Effect.gen(function*() {
  const { listSessions } = yield* Access
  const plan: Plan = { ends: yield* Listing.everything(listSessions, false), revoke: [] }
  return plan
})

/** One document for one id, a list for several or --all, however many they turn out to be. */
const report = (values: Values, { ends }: Plan, done: ReadonlyArray<Revocation>) =>
  Effect.gen(function*() {
    const output = yield* Output
    const several = values.all || values.ids.length > 1
    if (values.json) {
      const documents = Schema.encodeSync(Schema.Array(Revocation))(done)
      return yield* printJson(several ? { revocations: documents } : documents[0])
    }
    yield* Effect.forEach(done.flatMap((revocation) => RevocationReport.lines(revocation, ends)), output.print)
  })

/** Tells what was done also if it could not be finished. */
const performNamed = (values: Values, plan: Plan) => {
  const done: Array<Revocation> = []
  const { withIssued } = values
  const revoke = ({ id }: Session) =>
    Effect.flatMap(Access, (access) => access.revokeSession(id, { withIssued })).pipe(
      Effect.tap((revocation) => Effect.sync(() => done.push(revocation)))
    )
  const [one, ...others] = plan.revoke
  const work: Effect.Effect<unknown, Refusal, Access> = one !== undefined && others.length === 0
    ? revoke(one)
    : Effect.forEach(plan.revoke, (session) =>
      // Somebody else was faster.
      Effect.catchTag(revoke(session), "NotFound", () => Effect.void))
  return work.pipe(
    Effect.provide(Administer.layer(values)),
    Effect.onExit((exit) => Exit.isSuccess(exit) || done.length > 0 ? report(values, plan, done) : Effect.void)
  )
}

const performAll = (values: Values, plan: Plan) =>
  Effect.flatMap(Access, (access) => access.revokeAllSessions).pipe(
    Effect.provide(Administer.layer(values)),
    Effect.flatMap((revocation) => report(values, plan, [revocation]))
  )

/** When this ends with exit code 0, the devices are out. */
export const run = (values: Values) =>
  Effect.gen(function*() {
    yield* checkUsage(values)
    // Whoever is asked may take their time, and must not keep the data directory meanwhile.
    const plan: Plan = yield* Effect.provide(
      values.all ? planAll : planNamed(values),
      Administer.layer(values)
    )
    const several = values.all || values.withIssued || plan.revoke.length > 1
    if (several && plan.ends.length > 0) yield* ConfirmRevocation.confirm(plan.ends, values.yes)
    if (values.all && plan.ends.length === 0) {
      yield* Effect.flatMap(Output, (output) => output.say("No device is signed in."))
      return yield* report(values, plan, [])
    }
    yield* values.all ? performAll(values, plan) : performNamed(values, plan)
  })
