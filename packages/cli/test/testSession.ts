/** Sessions as lists show them. */
import { Session } from "@t3/protocol/Session"
import { Schema } from "effect"

const decode = Schema.decodeUnknownSync(Session)

/** Ids are made of one symbol, twelve times, so that tests can name them. */
export const idOf = (symbol: string): string => symbol.repeat(12)

export const testSession = (symbol: string, label: string, fields: Readonly<Record<string, unknown>> = {}): Session =>
  decode({
    createdAt: "2026-11-25T09:12:03.000Z",
    current: false,
    device: { id: idOf(symbol), kind: "phone", label },
    expiresAt: "2026-12-25T09:12:03.000Z",
    id: idOf(symbol),
    issuedBy: { kind: "cli" },
    kind: "bearer",
    lastUsedAt: "2026-11-25T09:12:03.000Z",
    role: "owner",
    scopes: [],
    state: "live",
    ...fields
  })

/** Of one that another session let in. */
export const letInBy = (symbol: string) => ({ issuedBy: { kind: "session", sessionId: idOf(symbol) } })
