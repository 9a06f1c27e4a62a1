/** The handlers for the account that owns the machine: what a running server says of itself. */
import * as HttpApiBuilder from "@effect/platform/HttpApiBuilder"
import { Connections } from "@t3/auth-core/Connections"
import { Api } from "@t3/protocol/Api"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import { EnvironmentRecord } from "../EnvironmentRecord.ts"
import { Network } from "../network/Network.ts"
import { version } from "../version.ts"

/** The group `control`. Who may call it is decided before, by its row in the table of routes. */
export const layer = HttpApiBuilder.group(Api, "control", (handlers) =>
  Effect.gen(function*() {
    const connections = yield* Connections
    const environment = yield* EnvironmentRecord
    const network = yield* Network
    const startedAt = yield* DateTime.now
    return handlers.handle("status", () =>
      Effect.gen(function*() {
        const endpoints = yield* network.endpoints
        return {
          connections: yield* connections.total,
          endpoints: endpoints.map(({ connectionString }) => connectionString),
          environment,
          pid: process.pid,
          startedAt,
          version
        }
      }))
  }))
