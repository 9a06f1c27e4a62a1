/** Many clients at once, who use, share and fight over the same links until the server dies under them. */
import * as Deeds from "./Deeds.ts"
import * as Model from "./Model.ts"

const clients = 8

/** Far more than a client gets to before the server is killed. */
const most = 2000

type Choice = (world: Deeds.World) => Promise<boolean> | undefined

/** One of the newest that fits: older ones have had their turn, and are kept to be looked at again. */
const young = <A>({ dice }: Deeds.World, all: ReadonlyMap<string, A>, fits: (it: A) => boolean): A | undefined =>
  dice.pick([...all.values()].slice(-40).filter(fits))

const redeem: Choice = (world) => {
  // Now and then one that somebody else is at.
  const state = world.dice.happens(0.2) ? "used" : "open"
  const link = young(world, world.model.links, (it) => it.token !== undefined && it.states.has(state))
  return link && Deeds.redeem(world, link, world.dice.happens(0.6))
}

/** Two devices that got the same link. */
const race: Choice = async (world) => {
  const link = young(world, world.model.links, (it) => it.token !== undefined && Model.is(it, "open"))
  const sent = link === undefined ? [] : [true, false].map((withKey) => Deeds.redeem(world, link, withKey))
  return (await Promise.all(sent)).every((answered) => answered)
}

const live = (session: Model.Session): boolean => session.secret !== undefined && session.states.has("live")

const repeat: Choice = (world) => {
  const session = young(world, world.model.sessions, (it) => live(it) && Model.isRepeatable(it))
  return session && Deeds.repeat(world, session)
}

const use: Choice = (world) => {
  const session = young(world, world.model.sessions, (it) => it.secret !== undefined)
  return session && Deeds.use(world, session)
}

/** Best one with links that end with it. */
const endSession: Choice = (world) => {
  const session =
    young(world, world.model.sessions, (it) => live(it) && it.made.some((link) => Model.is(link, "open"))) ??
      young(world, world.model.sessions, live)
  return session && Deeds.endSession(world, session, world.dice.happens(0.3))
}

const issueBySession: Choice = (world) => {
  const session = young(world, world.model.sessions, live)
  return session && Deeds.issue(world, session)
}

const revoke: Choice = (world) => {
  const link = young(world, world.model.links, (it) => it.states.has("open"))
  return link && Deeds.revoke(world, link)
}

const issue: Choice = (world) => Deeds.issue(world)

/** As often as they are named. */
const choices: ReadonlyArray<Choice> = [
  issue,
  issue,
  issue,
  issueBySession,
  issueBySession,
  race,
  redeem,
  redeem,
  repeat,
  use,
  endSession,
  endSession,
  revoke
]

const client = async (world: Deeds.World): Promise<void> => {
  for (let count = 0; count < most; count += 1) {
    const choice = world.dice.pick(choices)
    if ((await choice?.(world)) === false) return
  }
  throw new Error("The server was not killed.")
}

/** Ends when every client has met with silence. */
export const untilSilence = (world: Deeds.World): Promise<unknown> =>
  Promise.all(Array.from({ length: clients }, () => client(world)))
