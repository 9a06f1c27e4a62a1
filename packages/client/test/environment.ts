/** An environment to save, whole but for what a test says of it. */
import { ConnectionString, Ids } from "@t3/protocol"
import { DateTime, Either, Redacted } from "effect"
import type { NewEnvironment } from "../src/EnvironmentStore.ts"

export const environment = (id: string, rest: Partial<NewEnvironment> = {}): NewEnvironment => ({
  connectionString: Either.getOrThrow(ConnectionString.parse("100.64.0.7")),
  deviceId: Ids.DeviceId.make("dddddddddddd"),
  environmentId: Ids.EnvironmentId.make(id.padEnd(12, "0")),
  label: "box",
  pairedAt: DateTime.unsafeMake("2026-01-01T00:00:00.000Z"),
  role: "member",
  scopes: ["environment:read"],
  sessionId: Ids.SessionId.make("ssssssssssss"),
  token: Redacted.make("t3s_secret"),
  ...rest
})
