/**
 * What an entry of the access log says to a person: its time and one plain sentence, on one line.
 *
 * @since 0.1.0
 */
import type { Actor } from "@t3/protocol/Actor"
import * as Label from "@t3/protocol/Label"
import type { LogEntry, LogEvent } from "@t3/protocol/LogEntry"
import * as DateTime from "effect/DateTime"
import { count } from "../Plural.ts"

type Say = (entry: LogEntry) => string

const actors: Readonly<Record<Exclude<Actor["kind"], "session">, string>> = {
  cli: "the command line",
  desktop: "the desktop app",
  host: "the host program",
  startup: "the server as it started"
}

const byId: Say = ({ sessionId }) => sessionId === undefined ? "a session" : `session ${sessionId}`

const session: Say = (entry) => {
  const { device, sessionId } = entry
  if (device === undefined) return byId(entry)
  const name = Label.clean(device.label) || device.kind
  return sessionId === undefined ? name : `${name} (${sessionId})`
}

const link: Say = ({ pairingId }) => pairingId === undefined ? "a link" : `link ${pairingId}`

const isOwn = ({ actor, sessionId }: LogEntry): boolean => actor?.kind === "session" && actor.sessionId === sessionId

/** Who did it, where somebody did. */
const by: Say = ({ actor }) => {
  if (actor === undefined) return ""
  return ` by ${actor.kind === "session" ? `session ${actor.sessionId}` : actors[actor.kind]}`
}

const from: Say = ({ address }) => address === undefined ? "" : ` from ${Label.clean(address)}`

/** The end of a sentence: the reason in words, or as it is where it is none that we know. */
const because = (reasons: Readonly<Record<string, string>>): Say => ({ reason }) =>
  reason === undefined ? "" : `: ${Object.hasOwn(reasons, reason) ? reasons[reason] : Label.clean(reason)}`

/** A sentence, where it came from, and how often if more than once. */
const sentence = (say: Say): Say => (entry) => {
  const origin = from(entry)
  return `${say(entry)}${origin && `,${origin}`}${entry.count === 1 ? "" : ` (${entry.count} times)`}`
}

/** Things of which nothing is known but how many there were. */
const things = (one: string, many?: string): Say => (entry) => count(entry.count, one, many) + from(entry)

const unknownToken = things("unknown pairing token")

const refusedLink = sentence((entry) =>
  `${link(entry)} was refused${
    because({
      Invalid: "it gives none of the rights asked for",
      PairingExpired: "it had expired",
      PairingRevoked: "it had been revoked",
      PairingUsed: `it was already used by ${session(entry)}`
    })(entry)
  }`
)

const unknownCredential = things("unknown session credential")

const ended = { SessionExpired: "the session had expired", SessionRevoked: "the session had been revoked" }

const refusedSession = sentence((entry) => `${session(entry)} was refused${because(ended)(entry)}`)

const unknownTicket = things("unknown ticket")

const refusedTicket = sentence((entry) =>
  `a ticket of ${session(entry)} was refused${
    because({ ...ended, Unauthenticated: "it was used, or is too old" })(entry)
  }`
)

const revoked: Say = (entry) => {
  if (entry.reason === "database") return `${session(entry)} was revoked in the database itself`
  return isOwn(entry) ? `${session(entry)} signed out` : `${session(entry)} was revoked${by(entry)}`
}

const renamed: Say = (entry) => {
  const label = Label.clean(entry.device?.label ?? "")
  return `${byId(entry)} was renamed${label && ` to ${label}`}${by(entry)}`
}

const sentences: Readonly<Record<LogEvent, Say>> = {
  "pairing.issued": sentence((entry) => `${link(entry)} was made${by(entry)}`),
  "pairing.redeemed": sentence((entry) => `${session(entry)} paired with ${link(entry)}`),
  "pairing.repeated": sentence((entry) => `${session(entry)} asked again for what it got for ${link(entry)}`),
  "pairing.refused": (entry) => (entry.reason === "PairingUnknown" ? unknownToken : refusedLink)(entry),
  "pairing.revoked": sentence((entry) => `${link(entry)} was revoked${by(entry)}`),
  "pairing.expired": sentence((entry) => `${link(entry)} expired, unused`),
  "session.issued": sentence((entry) => `${session(entry)} was let in without a link${by(entry)}`),
  "session.replaced": sentence((entry) => `${session(entry)} was replaced${by(entry)}: the device paired again`),
  "session.renamed": sentence(renamed),
  "session.renewed": sentence((entry) => `${session(entry)} was used, so its time starts anew`),
  "session.refused": (entry) => (entry.sessionId === undefined ? unknownCredential : refusedSession)(entry),
  "session.revoked": sentence(revoked),
  "session.expired": sentence((entry) => `${session(entry)} expired`),
  "scope.denied": sentence((entry) =>
    `${session(entry)} was refused${
      entry.reason === undefined ? "" : `: it lacks the right ${Label.clean(entry.reason)}`
    }`
  ),
  "ticket.refused": (entry) => (entry.sessionId === undefined ? unknownTicket : refusedTicket)(entry),
  "rate.limited": things("attempt too many", "attempts too many")
}

/** What a later version records is told by its name. */
const any: Readonly<Record<string, Say>> = sentences
const say: Say = (entry) =>
  (any[entry.event] ?? sentence(() => `${session(entry)}: ${Label.clean(entry.event)}`))(entry)

/** `2026-01-31 12:05:59Z  Ana's phone (4gnw9x2hbq7t) paired with link 7k2m9phtrd0c, from 192.0.2.7`. */
export const line = (entry: LogEntry): string =>
  `${DateTime.formatIso(entry.at).slice(0, 19).replace("T", " ")}Z  ${say(entry)}`
