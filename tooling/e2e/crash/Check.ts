/** Compares a server that has come back with what it had acknowledged, and settles what was in doubt. */
import type { Api } from "./Api.ts"
import * as Deeds from "./Deeds.ts"
import * as Model from "./Model.ts"

interface ListedLink {
  readonly id: string
  readonly label: string
  readonly state: Model.LinkState
  readonly usedBy?: string
}

interface ListedSession {
  readonly id: string
  readonly device: { readonly label: string }
  readonly state: Model.SessionState
}

interface Page<A> {
  readonly items: ReadonlyArray<A>
  readonly next?: string
}

type World = Deeds.World

const page = async <A>(api: Api, kind: "pairings" | "sessions", query: string): Promise<Page<A>> => {
  const answer = await api.control<Page<A>>("GET", `/api/access/${kind}?all=true&limit=200&${query}`)
  if (answer?.status !== 200) throw new Error(`The list of ${kind} was answered ${answer?.status}.`)
  return answer.body
}

const lookUp = async <A>(api: Api, kind: "pairings" | "sessions", id: string): Promise<A | undefined> =>
  (await page<A>(api, kind, `prefix=${id}`)).items[0]

/** The newest, as long as they are wanted. */
const newest = async <A>(
  api: Api,
  kind: "pairings" | "sessions",
  wanted: (it: A) => boolean
): Promise<ReadonlyArray<A>> => {
  const found: Array<A> = []
  let next: string | undefined = ""
  while (next !== undefined) {
    const { items, next: following }: Page<A> = await page<A>(api, kind, next && `cursor=${next}`)
    for (const item of items) {
      if (!wanted(item)) return found
      found.push(item)
    }
    next = following
  }
  return found
}

/** Does it for all, several at a time. */
const each = async <A>(all: Iterable<A>, deed: (it: A) => Promise<boolean | void>): Promise<void> => {
  const rest = [...all]
  const lane = async (): Promise<void> => {
    for (let it = rest.pop(); it !== undefined; it = rest.pop()) {
      if ((await deed(it)) === false) throw new Error("The server gave no answer while it was checked.")
    }
  }
  await Promise.all(Array.from({ length: 8 }, lane))
}

/** A link that nobody was told of may be there, or not; from now on it is what it is. */
const noteLinks = ({ model }: World, listed: ReadonlyArray<ListedLink>): void => {
  for (const { id, label } of listed) {
    if (model.links.has(id)) continue
    if (!model.doubtful.has(label)) model.faults.push(`link ${label} is there twice, or was made by nobody`)
    const by = model.doubtful.get(label)
    model.doubtful.delete(label)
    Model.addLink(model, { by, id, label, token: undefined })
  }
}

const noteSessions = ({ model }: World, listed: ReadonlyArray<ListedSession>): void => {
  for (const { device, id } of listed) {
    if (!model.sessions.has(id)) model.faults.push(`session ${device.label} is there without a link that became it`)
  }
}

const settleSession = async ({ api, model }: World, session: Model.Session): Promise<void> => {
  const found = await lookUp<ListedSession>(api, "sessions", session.id)
  if (found === undefined) Model.lost(model, session)
  else Model.saw(model, session, found.state)
}

/** A used link has one session, made by one of the exchanges that were not refused. */
const settleUse = async ({ api, model }: World, link: Model.Link, usedBy: string | undefined): Promise<void> => {
  if (usedBy === link.session?.id) return
  const found = await lookUp<ListedSession>(api, "sessions", usedBy ?? "none")
  const attempt = link.attempts.find((it) => it.label === found?.device.label && !it.refused)
  if (found === undefined || attempt === undefined) model.faults.push(`${link.name} is used, by nobody`)
  else Model.addSession(model, { attempt, id: found.id, link, secret: undefined })
}

/** What a session made while it lived ends with it, and not before. */
const settleMaker = ({ model }: World, link: Model.Link): void => {
  if (link.by === undefined) return
  const ended = Model.is(link.by, "revoked")
  if (ended && Model.is(link, "open")) model.faults.push(`${link.name} is open, and its maker has ended`)
  if (!ended && !link.revoking && Model.is(link, "revoked")) model.faults.push(`${link.name} ended before its maker`)
}

const settleLink = async (world: World, link: Model.Link): Promise<void> => {
  const found = await lookUp<ListedLink>(world.api, "pairings", link.id)
  if (found === undefined) return Model.lost(world.model, link)
  Model.saw(world.model, link, found.state)
  if (found.state === "used") await settleUse(world, link, found.usedBy)
  settleMaker(world, link)
}

const trySession = async (world: World, session: Model.Session): Promise<boolean> => {
  const { dice } = world
  if (Model.isRepeatable(session) && (session.secret === undefined || dice.happens(0.3))) {
    if (!(await Deeds.repeat(world, session))) return false
  }
  if (session.secret === undefined || dice.happens(0.2)) return true
  const wasRepeatable = Model.isRepeatable(session)
  return await Deeds.use(world, session) && (!wasRepeatable || Deeds.repeat(world, session))
}

/** Tries what the settled state promises: an open link works, an ended one is refused, a session works until it has ended. */
const tryLink = async (world: World, link: Model.Link): Promise<boolean> => {
  const { dice } = world
  const redeems = dice.happens(Model.is(link, "open") ? 0.4 : 0.2)
  if (redeems && !(await Deeds.redeem(world, link, dice.happens(0.5)))) return false
  return link.session === undefined || trySession(world, link.session)
}

const some = <A>({ dice }: World, all: ReadonlyMap<string, A>): ReadonlyArray<A> => {
  const from = [...all.values()]
  return from.length === 0 ? [] : Array.from({ length: 12 }, () => dice.pick(from)).filter((it) => it !== undefined)
}

/** Looks at everything of the last round, and at a few older things; then begins a new round. */
export const afterCrash = async (world: World): Promise<void> => {
  const { api, model } = world
  const isNew = (name: string): boolean => Model.roundOf(name) >= model.round
  noteLinks(world, await newest<ListedLink>(api, "pairings", (it) => isNew(it.label)))
  model.doubtful.clear()
  const touched = new Set([...model.touched, ...some(world, model.links)])
  model.touched.clear()
  await each(touched, async ({ session }) => session && settleSession(world, session))
  await each(touched, (link) => settleLink(world, link))
  noteSessions(world, await newest<ListedSession>(api, "sessions", (it) => isNew(it.device.label)))
  await each(touched, (link) => tryLink(world, link))
  await each(some(world, model.sessions), (session) => Deeds.use(world, session))
  const replaced = [...touched].flatMap(({ session }) => session?.replaced === undefined ? [] : [session]).slice(0, 2)
  await each(replaced, (session) => Deeds.useReplaced(world, session))
  model.round += 1
}

/** Looks at everything there ever was. */
export const atTheEnd = async (world: World): Promise<void> => {
  const { api, model } = world
  noteLinks(world, await newest<ListedLink>(api, "pairings", () => true))
  noteSessions(world, await newest<ListedSession>(api, "sessions", () => true))
  await each(model.sessions.values(), (session) => settleSession(world, session))
  await each(model.links.values(), (link) => settleLink(world, link))
  await each(model.links.values(), (link) => tryLink(world, link))
  await each(model.sessions.values(), (session) => Deeds.use(world, session))
}
