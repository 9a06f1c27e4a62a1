/** A session row and its secrets, not yet stored. */
import type { Actor } from "@t3/protocol/Actor"
import type { DeviceFields } from "@t3/protocol/Device"
import { DeviceId, type PairingId, SessionId } from "@t3/protocol/Ids"
import * as Label from "@t3/protocol/Label"
import type { Role, Scope } from "@t3/protocol/Scope"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Redacted from "effect/Redacted"
import type { Policy } from "../Policy.ts"
import * as Secret from "../Secret.ts"
import { fromActor, type SessionRow } from "./SessionRow.ts"

/** The secrets of a session: the bearer token or storage half, and the cookie half, which a bearer session has no use for. */
export interface Secrets {
  readonly primary: Redacted.Redacted
  readonly cookie: Redacted.Redacted
}

export const mintSecrets = (
  secret: typeof Secret.Secret.Service,
  kind: SessionRow["kind"],
  id: string
): Effect.Effect<Secrets> =>
  Effect.all({
    cookie: secret.sessionToken("cookie", id),
    primary: secret.sessionToken(kind === "bearer" ? "bearer" : "storage", id)
  })

/** The columns that keep the secrets, as hashes. */
export const hashesOf = (kind: SessionRow["kind"], secrets: Secrets) => ({
  secret_hash: Secret.hash(secrets.primary),
  cookie_hash: kind === "bearer" ? null : Secret.hash(secrets.cookie)
})

/** When a session lapses that was used at `now`: after the idle time, at the latest at its absolute end. */
export const expiryOf = (policy: typeof Policy.Service, now: number, endsAt: number | null): number =>
  Math.min(now + Duration.toMillis(policy.idle), endsAt ?? Number.POSITIVE_INFINITY)

/** What a device says of itself, if anything printable is left of it. */
const cleaned = (text: string | undefined): string | null => Label.clean(text ?? "") || null

export const newSession = Effect.fnUntraced(function*(
  secret: typeof Secret.Secret.Service,
  policy: typeof Policy.Service,
  options: {
    readonly kind: SessionRow["kind"]
    readonly role: Role
    readonly scopes: ReadonlyArray<Scope>
    readonly device: DeviceFields
    readonly issuedBy: Actor
    readonly now: number
    readonly pairingId?: PairingId
    readonly endsAt?: number
  }
) {
  const { device, now } = options
  const id = SessionId.make(yield* secret.id)
  const secrets = yield* mintSecrets(secret, options.kind, id)
  const kind = device.kind ?? "unknown"
  const endsAt = options.endsAt ?? null
  const row: SessionRow = {
    id,
    kind: options.kind,
    ...hashesOf(options.kind, secrets),
    role: options.role,
    scopes: options.scopes,
    device_id: DeviceId.make(yield* secret.id),
    device_label: cleaned(device.label) ?? `unnamed ${kind}`,
    device_kind: kind,
    device_os: cleaned(device.os),
    device_browser: cleaned(device.browser),
    ...fromActor(options.issuedBy),
    pairing_id: options.pairingId ?? null,
    created_at: now,
    first_used_at: null,
    last_used_at: now,
    expires_at: expiryOf(policy, now, endsAt),
    ends_at: endsAt,
    revoked_at: null,
    expired_at: null
  }
  return { row, secrets }
})
