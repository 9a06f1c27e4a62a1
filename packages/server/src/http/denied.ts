/** A right that a session lacks, as the log has it. */
import type { Decision } from "@t3/auth-core/AccessLog"
import type { Session } from "@t3/protocol/Session"

export const denied = ({ device, id }: Session, required: string): Decision => ({
  actor: { kind: "session", sessionId: id },
  device: { id: device.id, kind: device.kind, label: device.label },
  event: "scope.denied",
  reason: required,
  sessionId: id
})
