/** What clients do to a server: each deed sends one request and notes what its answer proves, or that there was none. */
import type { Answer, Api, Granted } from "./Api.ts"
import type { Dice } from "./Dice.ts"
import * as Model from "./Model.ts"

/** A server and what is known of it. */
export interface World {
  readonly api: Api
  readonly dice: Dice
  readonly model: Model.Model
}

/** Whether there was an answer. */
type Deed = Promise<boolean>

interface Issued {
  readonly pairing: { readonly id: string }
  readonly token: string
}

const unexpected = ({ model }: World, what: string, { status, tag }: Answer): void =>
  void model.faults.push(`${what} was answered ${status} ${tag ?? ""}`)

/** A day: no link expires while this goes on. */
const ttl = 86_400

/** Makes a link, as the owner of the machine or as a session. */
export const issue = async (world: World, by?: Model.Session): Deed => {
  const { api, model } = world
  const label = Model.nameOf(model)
  const payload = { label, role: "owner", ttl }
  const bearer = by?.secret
  if (by !== undefined) by.used = true
  model.doubtful.set(label, by)
  const answer = await (bearer === undefined
    ? api.control<Issued>("POST", "/api/access/pairings", payload)
    : api.device<Issued>(bearer, "POST", "/api/access/pairings", payload))
  if (answer === undefined) return false
  model.doubtful.delete(label)
  if (answer.status === 201) {
    Model.addLink(model, { by, id: answer.body.pairing.id, label, token: answer.body.token })
  } else if (by !== undefined && answer.tag === "SessionRevoked") Model.saw(model, by, "revoked")
  else unexpected(world, `issue of ${label}`, answer)
  return true
}

/** What the refusal of an exchange says of its link. */
const refusedBecause = (world: World, link: Model.Link, attempt: Model.Attempt, answer: Answer): void => {
  attempt.refused = true
  const others = link.attempts.some((other) => other !== attempt && !other.refused)
  if (answer.tag === "PairingUsed") {
    if (!others) world.model.faults.push(`${link.name} was used by nobody, and is used`)
    Model.saw(world.model, link, "used")
  } else if (answer.tag === "PairingRevoked") Model.saw(world.model, link, "revoked")
  else unexpected(world, `exchange of ${link.label}`, answer)
}

/** Exchanges the token of a link for a session of a new device, with a key or without. */
export const redeem = async (world: World, link: Model.Link, withKey: boolean): Deed => {
  const { api, model } = world
  if (link.token === undefined) return true
  const label = Model.nameOf(model)
  const attempt = { key: withKey ? `key-of-${label}` : undefined, label, refused: false, sentAt: Date.now() }
  link.attempts.push(attempt)
  model.touched.add(link)
  Model.may(link, "used")
  const answer = await api.exchange({ ...attempt, token: link.token })
  if (answer === undefined) return false
  if (answer.status !== 200) refusedBecause(world, link, attempt, answer)
  else {
    Model.saw(model, link, "used")
    Model.addSession(model, { attempt, id: answer.body.session_id, link, secret: answer.body.access_token })
  }
  return true
}

const repeated = (world: World, session: Model.Session, before: string | undefined, answer: Answer<Granted>): void => {
  const { attempt, id, states, used } = session
  if (answer.status === 200 && answer.body.session_id === id && !used) {
    session.replaced = before
    session.secret = answer.body.access_token
  } else if (answer.tag === "PairingUsed" && (used || states.has("revoked"))) session.secret = before
  else unexpected(world, `repetition of ${attempt.label}, which was ${used ? "" : "not "}used,`, answer)
}

/** Repeats the exchange of a session, as a device does that lost the answer: refused once its secret was used. */
export const repeat = async (world: World, session: Model.Session): Deed => {
  const { attempt, link, secret } = session
  if (link.token === undefined) return true
  session.secret = undefined
  world.model.touched.add(link)
  const answer = await world.api.exchange({ ...attempt, token: link.token })
  if (answer !== undefined) repeated(world, session, secret, answer)
  return answer !== undefined
}

/** Asks with the session's secret who it is. */
export const use = async (world: World, session: Model.Session): Deed => {
  const { model } = world
  const { secret } = session
  if (secret === undefined) return true
  const ended = Model.is(session, "revoked")
  session.used = true
  const answer = await world.api.device(secret, "GET", "/api/session")
  if (answer === undefined) return false
  if (answer.status === 200 && ended) model.faults.push(`${session.name} was revoked, and works`)
  else if (answer.tag === "SessionRevoked") Model.saw(model, session, "revoked")
  else if (answer.status !== 200) unexpected(world, session.name, answer)
  return true
}

/** Asks with the secret that a repetition has replaced, which is refused. */
export const useReplaced = async (world: World, session: Model.Session): Deed => {
  const { attempt, replaced } = session
  if (replaced === undefined) return true
  const answer = await world.api.device(replaced, "GET", "/api/session")
  if (answer !== undefined && answer.status !== 401) unexpected(world, `replaced secret of ${attempt.label}`, answer)
  return answer !== undefined
}

/** Ends a session with the open links it made: as the owner, or by its own hand. */
export const endSession = async (world: World, session: Model.Session, byItself: boolean): Deed => {
  const { api, model } = world
  const { attempt, id, link, made, secret } = session
  model.touched.add(link)
  if (byItself) session.used = true
  Model.may(session, "revoked")
  for (const own of made) {
    Model.may(own, "revoked")
    model.touched.add(own)
  }
  const answer = await (byItself && secret !== undefined
    ? api.device(secret, "DELETE", "/api/session")
    : api.control("DELETE", `/api/access/sessions/${id}`))
  if (answer === undefined) return false
  // Somebody else was faster: it has ended all the same.
  const ended = answer.status === 200 || answer.tag === "NotFound" || answer.tag === "SessionRevoked"
  if (!ended) unexpected(world, `end of ${attempt.label}`, answer)
  else {
    Model.saw(model, session, "revoked")
    for (const own of made) Model.saw(model, own, "used", "revoked")
  }
  return true
}

/** Revokes a link. */
export const revoke = async (world: World, link: Model.Link): Deed => {
  const { api, model } = world
  link.revoking = true
  model.touched.add(link)
  Model.may(link, "revoked")
  const answer = await api.control("DELETE", `/api/access/pairings/${link.id}`)
  if (answer === undefined) return false
  if (answer.status === 200) Model.saw(model, link, "revoked")
  // It is no longer open, which somebody else has done.
  else if (answer.tag === "Conflict") Model.saw(model, link, "used", "revoked")
  else unexpected(world, `revocation of ${link.label}`, answer)
  return true
}
