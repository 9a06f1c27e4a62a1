/**
 * Every word that the page shows. Text between backticks is shown as code.
 *
 * @since 0.1.0
 */
import type { Role } from "@t3/protocol/Scope"
import type { Failure, FailureTag } from "./state.ts"

/** What makes a new link on the machine. */
export const newLinkCommand = "t3 auth pairing create"

/** The words for one failure. */
export interface FailureText {
  readonly title: string
  readonly body: string
  /** What to type on the machine. */
  readonly command?: string
  /** What a server says of it as a rule, which is then no news. */
  readonly usual?: string
}

const makeNew = "Make a new link on the machine."

const pairingFailures = {
  PairingExpired: {
    body: `A link works for a few minutes only. ${makeNew}`,
    command: newLinkCommand,
    title: "This pairing link has expired",
    usual: "This pairing link has expired."
  },
  PairingUsed: {
    body:
      "A link works once. To pair this device, make a new one on the machine. If it was not you who used this one, " +
      "look at `t3 auth session list` there and revoke what you do not know.",
    command: newLinkCommand,
    title: "This pairing link was already used",
    usual: "This pairing link was already used. A link works once."
  },
  PairingRevoked: {
    body: `Somebody took it back on the machine before it was used. ${makeNew}`,
    command: newLinkCommand,
    title: "This pairing link was revoked",
    usual: "This pairing link was revoked."
  },
  PairingUnknown: {
    body:
      "Check it for a typing mistake, and that this is the machine that shows it. If it is right, it is too old: make " +
      "a new one.",
    command: newLinkCommand,
    title: "No pairing link has this token",
    usual: "No pairing link has this token."
  },
  LinkDamaged: {
    body:
      "The token in it is not whole. Open the link from its start to its end, scan the QR code again, or type the " +
      "token below. Or make a new link on the machine.",
    command: newLinkCommand,
    title: "This pairing link is damaged"
  },
  Conflict: {
    body: "Another tab of this browser was pairing at the same time. Close it and make a new link on the machine.",
    command: newLinkCommand,
    title: "Two pages paired at once",
    usual: "This collides with something that is already there."
  }
} satisfies Partial<Record<FailureTag, FailureText>>

const sessionFailures = {
  SessionRevoked: {
    body:
      "Its session was revoked, on the machine or by this device itself. To come back, make a new link on the machine.",
    command: newLinkCommand,
    title: "This device was signed out",
    usual: "The session was revoked."
  },
  SessionExpired: {
    body: `It was not used for too long, or reached the end that was set for it. ${makeNew}`,
    command: newLinkCommand,
    title: "This device’s session has expired",
    usual: "The session has expired."
  },
  Unauthenticated: {
    body: `The session is not on file there, or this browser has lost its cookie. ${makeNew}`,
    command: newLinkCommand,
    title: "The machine does not know this device",
    usual: "This needs a session."
  },
  SessionConflict: {
    body: "The browser’s cookie and this page’s memory belong to two different sessions: two tabs paired at once, or " +
      `something else on this address wrote over the cookie. ${makeNew}`,
    command: newLinkCommand,
    title: "This device has lost its session",
    usual: "This browser holds halves of two sessions: two of its tabs paired at once."
  }
} satisfies Partial<Record<FailureTag, FailureText>>

const printed = "Open the page under the address that the machine prints with a new link."

const requestFailures = {
  RateLimited: {
    body: "There were too many wrong tokens. This one was not tried and is not used up: wait, then try again. If it " +
      "expires meanwhile, make a new one.",
    command: newLinkCommand,
    title: "Too many attempts",
    usual: "Too many attempts."
  },
  Unavailable: {
    body: "Its storage does not answer, or it is shutting down. Try again in a moment. If it stays like this, start " +
      "T3 there again.",
    command: "t3 serve",
    title: "The machine cannot do this right now",
    usual: "The server cannot do this right now."
  },
  Invalid: {
    body: "Reload this page and try again. If it stays like this, update T3 on the machine and make a new link.",
    command: newLinkCommand,
    title: "The machine did not accept this request",
    usual: "The request is malformed."
  },
  HostNotAllowed: {
    body: printed,
    command: newLinkCommand,
    title: "The machine does not answer under this name",
    usual: "This server does not answer under that host name."
  },
  OriginNotAllowed: {
    body: `Something between this browser and the machine changes the address. ${printed}`,
    command: newLinkCommand,
    title: "The machine does not trust this page’s address",
    usual: "This server does not answer pages of another origin."
  },
  TooLarge: {
    body: "The machine takes no request of this size. Reload this page, or make a new link.",
    command: newLinkCommand,
    title: "The request was too large",
    usual: "The request is too large."
  },
  VersionMismatch: {
    body: "Reload this page. If it stays like this, update T3 on the machine and start it again.",
    command: "t3 serve",
    title: "This page and the machine speak different versions",
    usual: "Client and server speak different versions."
  },
  Unreachable: {
    body:
      "Check that the machine is on, and that this device is in the same network or tailnet. Nothing is lost: you " +
      "can try again. If T3 does not run there, start it.",
    command: "t3 serve",
    title: "The machine does not answer"
  },
  Unexpected: {
    body: `Something answered, but not as T3 does: perhaps a proxy, or the sign-in page of a network. ${printed}`,
    command: newLinkCommand,
    title: "That was not the answer of a T3 server"
  },
  StorageBlocked: {
    body:
      "It would forget the session at once, so the link was not used. Allow cookies and site data for this address, " +
      "then try again.",
    title: "This browser keeps nothing for this page"
  }
} satisfies Partial<Record<FailureTag, FailureText>>

const failures: Readonly<Record<FailureTag, FailureText>> = {
  ...pairingFailures,
  ...sessionFailures,
  ...requestFailures
}

/** The words for a failure. */
export const failure = (tag: FailureTag): FailureText => failures[tag]

/** The server's own sentence, where it says more than ours. */
export const serverSays = ({ _tag, message, status }: Failure): string | undefined => {
  if (message !== undefined && message !== failures[_tag].usual) return `The machine says: ${message}`
  return status === undefined ? undefined : `It answered with HTTP status ${status}.`
}

const rights: Readonly<Record<string, string>> = {
  "access:read": "see which devices and links have access",
  "access:write": "make links for other devices and sign devices out",
  "environment:read": "see the machine’s name, version and addresses",
  "project:read": "see its projects",
  "project:write": "add, rename and remove projects"
}

/** A right in plain words; a host's own right by its name. */
export const right = (scope: string): string => rights[scope] ?? `\`${scope}\``

const units = [["day", 86_400], ["hour", 3_600], ["minute", 60], ["second", 1]] as const

/** A length of time in its largest unit that fits twice, rounded: `30 days`, `36 hours`. */
export const duration = (seconds: number): string => {
  const [unit, size] = units.find(([, size]) => seconds >= 2 * size) ?? ["second", 1]
  return new Intl.NumberFormat("en", { style: "unit", unit, unitDisplay: "long" }).format(Math.round(seconds / size))
}

const day = new Intl.DateTimeFormat("en", { dateStyle: "long" })

/** When a session ends, from what is known of it: right after pairing a length of time, later a date. */
export const lapse = (expiresIn: number | undefined, expiresAt: string): string =>
  expiresIn === undefined
    ? `On ${day.format(new Date(expiresAt))}, unless it is used before. Every use extends it.`
    : `After ${duration(expiresIn)} without use. Every use extends it.`

/** Everything else. */
export const text = {
  anotherToken: "Use another token",
  asking: "Pair this device",
  askingBody:
    "Scan the QR code or open the link that the machine shows, or type its token here. It works for a few minutes; " +
    "the machine makes a new one when you ask it.",
  can: "It can",
  checking: "Looking up this device…",
  deviceName: "Shown on the machine as",
  exchanging: "Pairing this device…",
  fieldEmpty: "Type the token that the machine shows.",
  fieldHint: "12 characters. Case, spaces and dashes do not matter.",
  fieldLabel: "Pairing token",
  fieldLink: "That is a whole link. Open it in the address bar, or type only the token here.",
  fieldLong: (count: number) => `That is ${count} characters. A token has 12.`,
  fieldShort: (count: number) => `That is ${count} of 12 characters.`,
  fieldStray: (stray: string) => `A token has only digits and letters, and no U. Not part of one: ${stray}`,
  ends: "Access ends",
  pair: "Pair",
  paired: (role: Role, label: string) => `Paired as ${role} with ${label}`,
  pairedAlready: (role: Role, label: string) => `This device is paired as ${role} with ${label}`,
  pairedNotice: (title: string) => `${title}, but that does not matter: this device was paired before.`,
  pairedBody: "You can close this page: this browser stays paired. On the machine, `t3 auth session list` shows it.",
  signOut: "Sign out",
  signedOut: "This device is signed out",
  signedOutBody: (label: string) =>
    `It no longer has access to ${label}. To come back, make a new link on the machine.`,
  signingOut: "Signing out…",
  title: (heading: string) => `${heading} · T3`,
  transport:
    "This page comes over plain http: others on this network could read along, unless it is a tailnet or another VPN.",
  type: "Type on the machine:",
  tryAgain: "Try again",
  tryAgainNow: "You can try again now.",
  tryAgainIn: (seconds: number) => `Try again in ${seconds < 120 ? `${seconds} s` : `${Math.ceil(seconds / 60)} min`}`
}
