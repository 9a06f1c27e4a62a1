/** A session as the table has it, for what needs no table. */
import { DeviceId, SessionId } from "@t3/protocol/Ids"
import type { SessionRow } from "../src/internal/SessionRow.ts"

/** A live one, until a second after the epoch. */
export const sessionRow = (fields: Partial<SessionRow> = {}): SessionRow => ({
  cookie_hash: null,
  created_at: 0,
  device_browser: null,
  device_id: DeviceId.make("000000000000"),
  device_kind: "unknown",
  device_label: "",
  device_os: null,
  ends_at: null,
  expired_at: null,
  expires_at: 1000,
  first_used_at: null,
  id: SessionId.make("000000000000"),
  issued_by: "startup",
  issued_by_session: null,
  kind: "bearer",
  last_used_at: 0,
  pairing_id: null,
  revoked_at: null,
  role: "viewer",
  scopes: [],
  secret_hash: "",
  ...fields
})
