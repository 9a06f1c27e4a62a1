/**
 * `t3 start`, and `t3` without a command.
 *
 * @since 0.1.0
 */
import * as PairingLink from "@t3/protocol/PairingLink"
import * as Effect from "effect/Effect"
import { Output } from "../Output.ts"
import { type Running, serve } from "../serve/Serve.ts"
import type * as Settings from "../Settings.ts"
import * as Browser from "./Browser.ts"
import * as RedirectFile from "./RedirectFile.ts"

/** Seconds that the browser has to pair. Its token is not the one that is printed. */
const ttl = 30

const openBrowser = ({ announcement, options, server }: Running) =>
  Effect.gen(function*() {
    const output = yield* Output
    const endpoints = yield* server.endpoints
    const endpoint = endpoints.find(({ kind }) => kind === "loopback") ?? endpoints[0]
    if (endpoint === undefined) return
    const { connectionString } = endpoint
    const { token } = yield* server.access.issuePairing({ label: "t3 start", role: "owner", ttl })
    const file = yield* RedirectFile.make(options.baseDir, PairingLink.unsafePrint({ connectionString, token }))
    yield* output.say("t3: opening your browser, which will be paired as owner.")
    const instead = announcement.pairing === undefined
      ? "Make a link with `t3 auth pairing create`"
      : "Open the pairing link above, in any browser"
    const failed = output.say(`t3: no browser could be opened here. ${instead}.`)
    // The opener may stay for as long as the browser does, so nobody waits for it longer than the token lives.
    yield* Effect.forkScoped(Effect.unlessEffect(failed, Browser.open(file)))
    yield* Effect.sleep(`${ttl} seconds`)
  }).pipe(Effect.scoped)

/** Opens the browser where somebody sees it; for programs and pipes it is `serve`. */
export const run = (flags: Settings.ServerFlags) =>
  serve(flags, (running) =>
    Effect.flatMap(Output, (output) =>
      flags.json
        ? Effect.void
        : output.terminal
        ? Effect.asVoid(Effect.forkScoped(openBrowser(running)))
        : output.say("t3: stdout is no terminal, so no browser is opened.")))
