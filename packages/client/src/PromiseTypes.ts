/**
 * The plain shapes of `@t3/client/promise`: nothing of Effect, nothing that hides a secret in a field.
 *
 * @since 0.1.0
 */

/** Why a promise was rejected. */
export type T3ErrorCode =
  | "PairingExpired"
  | "PairingUsed"
  | "PairingRevoked"
  | "PairingUnknown"
  | "Unauthenticated"
  | "SessionExpired"
  | "SessionRevoked"
  | "ScopeRequired"
  | "Unavailable"
  | "TooLarge"
  | "VersionMismatch"
  | "RateLimited"
  | "HostNotAllowed"
  | "OriginNotAllowed"
  | "NotFound"
  | "Conflict"
  | "Invalid"
  | "InsecureAddress"
  | "Unreachable"

/** A named set of rights. */
export type Role = "viewer" | "member" | "owner"

/** What sort of thing holds a session. */
export type DeviceKind = "phone" | "tablet" | "desktop" | "browser" | "cli" | "script" | "unknown"

/** A pairing link, or address and token as a person types them. */
export type PairTarget = string | { readonly host: string; readonly token: string }

/** What a device may say of itself and ask for when it pairs. */
export interface PairOptions {
  /** How lists on the machine show this device. */
  readonly device?: { readonly label?: string; readonly kind?: DeviceKind; readonly os?: string }
  /** Send the token over plain HTTP to an address that is neither loopback nor tailnet. */
  readonly allowInsecure?: boolean
  /** Sessions that this device has. One is sent along, and replaced, where its environment answers at its address. */
  readonly earlier?: ReadonlyArray<{
    readonly connectionString: string
    readonly environmentId: string
    readonly token: string
  }>
  /** Less than the link gives; all it gives where absent. */
  readonly scopes?: ReadonlyArray<string>
}

/** A session that was kept: `connectionString` and `unsafeToken()` of an earlier one. */
export interface OpenOptions {
  readonly connectionString: string
  readonly token: string
  /** Send the token over plain HTTP to an address that is neither loopback nor tailnet. */
  readonly allowInsecure?: boolean
}

/** One T3 server. */
export interface EnvironmentName {
  readonly id: string
  readonly label: string
}

/** Who asks, and whom. */
export interface Identity {
  readonly session: SessionInfo
  readonly environment: EnvironmentName
}

/** What a session knows of itself. */
export interface SessionFields {
  readonly connectionString: string
  readonly environment: EnvironmentName
  readonly sessionId: string
  readonly deviceId: string
  readonly role: Role
  readonly scopes: ReadonlyArray<string>
}

/** Who did something: a session, or someone on the machine itself. */
export interface ActorInfo {
  readonly kind: "startup" | "cli" | "desktop" | "host" | "session"
  readonly sessionId?: string
}

/** A session as lists show it. */
export interface SessionInfo {
  readonly id: string
  readonly kind: "bearer" | "browser"
  readonly role: Role
  readonly scopes: ReadonlyArray<string>
  readonly device: {
    readonly id: string
    readonly label: string
    readonly kind: DeviceKind
    readonly os?: string
    readonly browser?: string
  }
  readonly issuedBy: ActorInfo
  /** The pairing it came from; absent for one issued directly. */
  readonly pairingId?: string
  readonly createdAt: Date
  readonly lastUsedAt: Date
  readonly expiresAt: Date
  /** Whether it is the session that asks. */
  readonly current: boolean
}

/** What a revocation ended, and what it left. */
export interface RevocationInfo {
  readonly sessions: ReadonlyArray<string>
  /** Live connections of these sessions that were closed. */
  readonly connectionsClosed: number
  /** Open links that these sessions had made; they ended with them. */
  readonly linksRevoked: number
  /** Live sessions that were paired from such links; they stay. */
  readonly sessionsPairedFromThem: number
}

/** What to ask of a new link. */
export interface PairingOptions {
  /** `member` where absent. */
  readonly role?: Role
  /** A subset of the role's rights; all of them where absent. */
  readonly scopes?: ReadonlyArray<string>
  /** For lists. */
  readonly label?: string
  /** Seconds that it can be used, 1 to 86,400; five minutes where absent. */
  readonly ttl?: number
}

/** A link that can be used once. */
export interface PairingInfo {
  readonly id: string
  readonly label: string
  readonly role: Role
  readonly scopes: ReadonlyArray<string>
  readonly expiresAt: Date
  /** Seconds from the answer on. */
  readonly expiresIn: number
  /** The link itself: a password. */
  readonly unsafeLink: () => string
  /** The token of the link, for typing: a password. */
  readonly unsafeToken: () => string
}

/** A live session with one environment. */
export interface T3Session extends SessionFields {
  /** The secret itself, to be kept as safely as a password; `open` takes it back. It is in no field of the object. */
  readonly unsafeToken: () => string
  /** Asks the server who this is: the way to find out whether the session still lives. */
  readonly whoAmI: () => Promise<Identity>
  /** Every session of the environment, newest first; with `all` also those that ended within the last 30 days. */
  readonly listSessions: (options?: { readonly all?: boolean }) => Promise<ReadonlyArray<SessionInfo>>
  /** Ends a session and the open links it made; it has ended when the promise resolves. */
  readonly revokeSession: (id: string) => Promise<RevocationInfo>
  /** Makes a link for another device, with no more rights than this session has. */
  readonly createPairing: (options?: PairingOptions) => Promise<PairingInfo>
  /** Ends this very session. */
  readonly signOut: () => Promise<void>
}
