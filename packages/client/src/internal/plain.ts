/**
 * Turns what the protocol speaks of into the plain values of `@t3/client/promise`.
 *
 * @since 0.1.0
 */
import type { Refusal } from "@t3/protocol/Errors"
import * as Page from "@t3/protocol/Page"
import { defaultTtlSeconds, type IssuedPairing, type PairingRequest } from "@t3/protocol/Pairing"
import type { Session } from "@t3/protocol/Session"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import type { PairingInfo, PairingOptions, SessionInfo } from "../PromiseTypes.ts"
import type { T3Client } from "../T3Client.ts"

/** A session with plain dates. */
export const toSession = (session: Session): SessionInfo => ({
  ...session,
  createdAt: DateTime.toDateUtc(session.createdAt),
  expiresAt: DateTime.toDateUtc(session.expiresAt),
  lastUsedAt: DateTime.toDateUtc(session.lastUsedAt)
})

/** A new pairing without its secret. */
export const toPairing = (issued: IssuedPairing): Omit<PairingInfo, "unsafeLink" | "unsafeToken"> => ({
  expiresAt: DateTime.toDateUtc(issued.pairing.expiresAt),
  expiresIn: issued.expiresIn,
  id: issued.pairing.id,
  label: issued.pairing.label,
  role: issued.pairing.role,
  scopes: issued.pairing.scopes
})

/** The request with its defaults filled in; `scopes` have been checked. */
export const toPairingRequest = (
  options: PairingOptions,
  scopes: Pick<PairingRequest, "scopes">
): PairingRequest => ({
  label: options.label ?? "",
  role: options.role ?? "member",
  ttl: options.ttl ?? defaultTtlSeconds,
  ...scopes
})

/** All pages, one after the other. */
export const listSessions = (
  client: T3Client,
  all: boolean
): Effect.Effect<ReadonlyArray<SessionInfo>, Refusal> =>
  Effect.gen(function*() {
    const sessions: Array<SessionInfo> = []
    let cursor: string | undefined
    do {
      const urlParams = { all, limit: Page.maxSize, ...(cursor === undefined ? {} : { cursor }) }
      const page = yield* client.access.listSessions({ urlParams })
      sessions.push(...page.items.map(toSession))
      cursor = page.next
    } while (cursor !== undefined)
    return sessions
  })
