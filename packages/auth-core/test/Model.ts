/** What must be so of links and sessions, said a second time and simply. */
import type { PairingId, SessionId } from "@t3/protocol/Ids"
import { builtIn, ofRole, type Role, type Scope } from "@t3/protocol/Scope"
import type { Redacted } from "effect"
import type { TestConnection } from "./TestConnection.ts"

export const second = 1000
export const minute = 60 * second
const day = 86_400 * second

export interface ModelSession {
  readonly id: SessionId
  readonly issuer: ModelSession | undefined
  /** An absolute end. */
  readonly endsAt: number
  role: Role
  scopes: ReadonlyArray<Scope>
  secret: Redacted.Redacted
  /** Secrets that a repeated exchange replaced. */
  readonly dead: Array<Redacted.Redacted>
  expiresAt: number
  revoked: boolean
  /** Whether its end was recorded, which ends its links. */
  lapsed: boolean
  /** Whether somebody took its row away. */
  removed: boolean
  used: boolean
  usedAt: number
  socket: TestConnection | undefined
}

export interface ModelLink {
  readonly id: PairingId
  readonly token: Redacted.Redacted
  readonly role: Role
  readonly scopes: ReadonlyArray<Scope>
  readonly issuer: ModelSession | undefined
  readonly expiresAt: number
  revoked: boolean
  use?: { readonly at: number; readonly fields: string; readonly session: ModelSession }
}

/** Whether every scope of `part` is in `whole`. */
export const isSubset = (part: ReadonlyArray<Scope>, whole: ReadonlyArray<Scope>): boolean =>
  part.every((scope) => whole.includes(scope))

/** Counted from the newest. */
export const pick = <A>(all: ReadonlyArray<A>, index: number): A | undefined =>
  all.length === 0 ? undefined : all[all.length - 1 - (index % all.length)]

export const isLive = (session: ModelSession, now: number): boolean => !session.revoked && now < session.expiresAt

export const isOpen = (link: ModelLink, now: number): boolean =>
  !link.revoked && link.use === undefined && now < link.expiresAt

/** What a use does: it is noted every ten minutes, and the first time. */
export const noteUse = (session: ModelSession, now: number): void => {
  if (session.used && now - session.usedAt < 10 * minute) return
  Object.assign(session, { expiresAt: Math.min(now + 30 * day, session.endsAt), used: true, usedAt: now })
}

/** What the issuer may give, or nothing. */
export const mayGive = (
  issuer: ModelSession | undefined,
  { role, scopes }: { readonly role: Role; readonly scopes?: ReadonlyArray<Scope> | undefined },
  now: number
): ReadonlyArray<Scope> | undefined => {
  if (issuer !== undefined && !isLive(issuer, now)) return undefined
  const asked = scopes === undefined ? ofRole(role) : builtIn.filter((scope) => scopes.includes(scope))
  const within = asked.length > 0 && isSubset(asked, ofRole(role)) && isSubset(asked, issuer?.scopes ?? builtIn) &&
    isSubset(ofRole(role), ofRole(issuer?.role ?? "owner"))
  return within ? asked : undefined
}

export const newSession = (
  fields: Pick<ModelSession, "id" | "issuer" | "role" | "scopes" | "secret"> & { readonly endsAt?: number },
  now: number
): ModelSession => {
  const endsAt = fields.endsAt ?? Number.POSITIVE_INFINITY
  return {
    ...fields,
    dead: [],
    endsAt,
    expiresAt: Math.min(now + 30 * day, endsAt),
    lapsed: false,
    removed: false,
    revoked: false,
    socket: undefined,
    used: false,
    usedAt: now
  }
}

/** The session, and all that came from it by way of sessions that are on file. */
export const treeOf = (root: ModelSession, all: ReadonlyArray<ModelSession>): ReadonlyArray<ModelSession> => {
  if (root.removed) return []
  const children = all.filter((it) => it.issuer === root)
  return [root, ...children.flatMap((child) => treeOf(child, all))]
}
