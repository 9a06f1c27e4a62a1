/** What a server has acknowledged, what is in doubt, and so what may be true of it after a crash. */

export type LinkState = "open" | "used" | "revoked"
export type SessionState = "live" | "revoked"

/** An exchange that was sent. */
export interface Attempt {
  /** The label of the device that it makes: no two have the same. */
  readonly label: string
  readonly key: string | undefined
  readonly sentAt: number
  refused: boolean
}

interface Thing<S> {
  /** For people. */
  readonly name: string
  /** Those it may be in: several where an answer was lost or is under way. */
  states: ReadonlySet<S>
}

/** A pairing. */
export interface Link extends Thing<LinkState> {
  readonly id: string
  /** No two have the same. */
  readonly label: string
  /** Nobody has it where the answer was lost. */
  readonly token: string | undefined
  /** Who made it, if not the owner of the machine: it ends with that session. */
  readonly by: Session | undefined
  readonly attempts: Array<Attempt>
  /** Whether a revocation of its own was ever sent. */
  revoking: boolean
  session: Session | undefined
}

export interface Session extends Thing<SessionState> {
  readonly id: string
  readonly link: Link
  readonly attempt: Attempt
  readonly made: Array<Link>
  /** Nobody has it where the exchange got no answer, or a repetition has none yet. */
  secret: string | undefined
  /** The one before it, which a repetition has replaced. */
  replaced: string | undefined
  /** Whether its secret was ever sent, which ends repetitions. */
  used: boolean
}

export interface Model {
  readonly links: Map<string, Link>
  readonly sessions: Map<string, Session>
  /** What was sent to make a link and got no answer, by its label, with the one who asked. */
  readonly doubtful: Map<string, Session | undefined>
  /** Links that something was sent about since the last check. */
  readonly touched: Set<Link>
  /** What must not be, one line each. */
  readonly faults: Array<string>
  round: number
  count: number
}

export const make = (): Model => ({
  count: 0,
  doubtful: new Map(),
  faults: [],
  links: new Map(),
  round: 0,
  sessions: new Map(),
  touched: new Set()
})

/** A new name, which says in which round it was made. */
export const nameOf = (model: Model): string => `${model.round}.${model.count++}`

export const roundOf = (name: string): number => Number.parseInt(name, 10)

/** Something was sent that puts it into `state`, if it is as it was made. */
export const may = <S extends string>(thing: Thing<S>, state: NoInfer<S>): void => {
  const ended = !thing.states.has("open" as S) && !thing.states.has("live" as S)
  if (!ended) thing.states = new Set([...thing.states, state])
}

/** It is in one of `seen`, which is lost or brought back if it cannot be. */
export const saw = <S extends string>(model: Model, thing: Thing<S>, ...seen: ReadonlyArray<NoInfer<S>>): void => {
  const left = seen.filter((state) => thing.states.has(state))
  if (left.length === 0) {
    model.faults.push(`${thing.name} was ${[...thing.states].join(" or ")}, and is ${seen.join(" or ")}`)
  }
  thing.states = new Set(left.length === 0 ? seen : left)
}

/** It is not on file any more. */
export const lost = (model: Model, thing: Link | Session): void => {
  model.faults.push(`${thing.name} is lost`)
  model.links.delete(thing.id)
  model.sessions.delete(thing.id)
}

/** Whether it is certain to be in this state. */
export const is = <S>(thing: Thing<S>, state: NoInfer<S>): boolean => thing.states.size === 1 && thing.states.has(state)

/** A link that is on file. One that was made by a session that has ended since has ended with it. */
export const addLink = (model: Model, link: Pick<Link, "by" | "id" | "label" | "token">): Link => {
  const states: Array<LinkState> = []
  if (link.by?.states.has("live") !== false) states.push("open")
  if (link.by?.states.has("revoked") === true) states.push("revoked")
  const made: Link = {
    ...link,
    attempts: [],
    name: `link ${link.label}`,
    revoking: false,
    session: undefined,
    states: new Set(states)
  }
  link.by?.made.push(made)
  model.links.set(made.id, made)
  model.touched.add(made)
  return made
}

/** A session that is on file: the only one of its link. */
export const addSession = (
  model: Model,
  session: Pick<Session, "attempt" | "id" | "link" | "secret">
): Session | undefined => {
  const { link } = session
  if (link.session !== undefined) {
    model.faults.push(`${link.name} gave a session to ${link.session.attempt.label} and ${session.attempt.label}`)
    return undefined
  }
  const made: Session = {
    ...session,
    made: [],
    name: `session ${session.attempt.label}`,
    replaced: undefined,
    states: new Set(["live"]),
    used: false
  }
  link.session = made
  model.sessions.set(made.id, made)
  return made
}

/** Whether its exchange can still be repeated, with time to spare (the limit is a minute). */
export const isRepeatable = ({ attempt, states, used }: Session): boolean =>
  attempt.key !== undefined && !used && states.has("live") && Date.now() - attempt.sentAt < 40_000
