/**
 * Runs the server until a signal ends it, and tells how to reach it: what `serve`, `start` and bare `t3` share.
 *
 * @since 0.1.0
 */
import { defaultTtlSeconds } from "@t3/protocol/Pairing"
import * as T3Server from "@t3/server/T3Server"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Announcement from "../Announcement.ts"
import { Output, printJson } from "../Output.ts"
import * as Settings from "../Settings.ts"
import { Signals } from "../Signals.ts"

type Server = typeof T3Server.T3Server.Service

/** A running server, how it was started, and what was said about it. */
export interface Running {
  readonly server: Server
  readonly options: T3Server.Options
  readonly announcement: Announcement.Announcement
}

const announce = (server: Server, flags: Settings.ServerFlags) =>
  Effect.gen(function*() {
    const { environment } = server
    const pairing = flags.noToken
      ? undefined
      : yield* server.access.issuePairing({ label: "t3 serve", role: "owner", ttl: defaultTtlSeconds })
    // Another loopback address helps nobody who has the first.
    const endpoints = (yield* server.endpoints).filter(({ kind }, index) => index === 0 || kind !== "loopback")
    const announcement: Announcement.Announcement = {
      addresses: endpoints.map((endpoint) => endpoint.connectionString),
      title: `T3 is ready: ${environment.label}`,
      ...(pairing === undefined ? {} : { pairing })
    }
    yield* flags.json
      ? printJson({
        event: "ready",
        environmentId: environment.id,
        label: environment.label,
        ...Announcement.toJson(announcement)
      })
      : Announcement.print(announcement)
    return announcement
  })

/** Ends well with SIGTERM; SIGINT interrupts it. Either way requests in flight are answered first. */
export const serve = <E, R>(
  flags: Settings.ServerFlags,
  onReady: (running: Running) => Effect.Effect<void, E, R>
) =>
  Effect.gen(function*() {
    const output = yield* Output
    const signals = yield* Signals
    const options = yield* Settings.server(flags)
    const server = Context.get(yield* Layer.build(T3Server.T3Server.layer(options)), T3Server.T3Server)
    yield* Effect.addFinalizer(() => output.say("t3: stopping; Ctrl-C again ends at once."))
    const announcement = yield* announce(server, flags)
    yield* onReady({ announcement, options, server })
    yield* signals.terminated
  }).pipe(Effect.scoped)
