/** What the tests of the stores begin with: a clock, actors, links, paired devices, and stores that can be reopened. */
import type { SqlClient } from "@effect/sql/SqlClient"
import { it } from "@effect/vitest"
import type { Actor } from "@t3/protocol/Actor"
import type { SessionId } from "@t3/protocol/Ids"
import type { PageRequest } from "@t3/protocol/Page"
import type { PairingRequest } from "@t3/protocol/Pairing"
import { Scope as Right } from "@t3/protocol/Scope"
import type { SessionRequest } from "@t3/protocol/Session"
import { Clock, Context, Duration, Effect, Exit, Layer, Scope, TestClock } from "effect"
import { AccessLog } from "../src/AccessLog.ts"
import { Connections } from "../src/Connections.ts"
import { type Exchange, PairingStore } from "../src/PairingStore.ts"
import { SessionStore } from "../src/SessionStore.ts"
import { Source } from "../src/Source.ts"
import { layerFileStores, layerStores } from "./TestDatabase.ts"
import { WallClock } from "./WallClock.ts"

export type Stores = PairingStore | SessionStore | AccessLog | Connections | SqlClient

/** Runs on a clock of its own. */
export const timed = <A, E, R>(self: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  Effect.suspend(() => Effect.withClock(self, new WallClock()))

/** A test with the stores of a server over a database of its own, whose clock it moves itself. */
export const test = <A, E>(name: string, self: () => Effect.Effect<A, E, Stores | Scope.Scope>, timeout?: number) =>
  it.scoped(name, () => timed(Effect.provide(Effect.suspend(self), layerStores)), timeout)

/** A test of several stores over one file, or of none. */
export const testOpen = <A, E>(name: string, self: () => Effect.Effect<A, E, Scope.Scope>, timeout?: number) =>
  it.scoped(name, () => timed(Effect.suspend(self)), timeout)

/** Lets that long go by as on a machine that sleeps but for the last second: no timer runs every second of it. */
export const leap = (duration: Duration.DurationInput) =>
  Effect.gen(function*() {
    const now = yield* Clock.currentTimeMillis
    yield* TestClock.setTime(now + Duration.toMillis(duration) - 1000)
    yield* TestClock.adjust("1 second")
  })

/** Does it as somebody who asks from that address. */
export const from = (address: string, network = address) => Effect.provideService(Source, { address, network })

export const startup: Actor = { kind: "startup" }

/** The actor that a session is. */
export const as = (session: { readonly id: SessionId }): Actor => ({ kind: "session", sessionId: session.id })

export const rights = (...names: ReadonlyArray<string>): ReadonlyArray<Right> => names.map((name) => Right.make(name))

/** A link of five minutes. */
export const issueLink = (actor: Actor = startup, request: Partial<PairingRequest> = {}) =>
  Effect.flatMap(PairingStore, (pairings) => pairings.issue(actor, { label: "", role: "member", ttl: 300, ...request }))

export const issueSession = (actor: Actor = startup, request: Partial<SessionRequest> = {}) =>
  Effect.flatMap(SessionStore, (sessions) => sessions.issue(actor, { device: {}, role: "member", ...request }))

export const redeem = (exchange: Omit<Exchange, "device"> & Partial<Exchange>) =>
  Effect.flatMap(PairingStore, (pairings) => pairings.redeem({ device: {}, ...exchange }))

/** A device that paired with a link of its own. */
export const pair = (request: Partial<PairingRequest> = {}, exchange: Partial<Exchange> = {}, actor: Actor = startup) =>
  Effect.flatMap(issueLink(actor, request), ({ token }) => redeem({ token, ...exchange }))

export const verify = (...[token]: Parameters<typeof SessionStore.Service["verify"]>) =>
  Effect.flatMap(SessionStore, (sessions) => sessions.verify(token))

/** The tag of what an effect must be refused for. */
export const refusal = <A, E extends { readonly _tag: string }, R>(self: Effect.Effect<A, E, R>) =>
  Effect.map(Effect.flip(self), (error) => error._tag)

/** Lets what the stores do in the background come to rest. */
export const settle = Effect.repeatN(Effect.yieldNow(), 100)

export const everything: PageRequest = { all: true, limit: 200 }

/** Every entry of the access log, oldest first. */
export const recorded = Effect.flatMap(
  AccessLog,
  (log) => Effect.map(log.read({ after: 0, limit: 100_000 }), ({ items }) => items)
)

/** The stores over `filename` until they are closed, as a server that ends in an orderly way closes them. */
export const open = (filename: string) =>
  Effect.gen(function*() {
    const scope = yield* Scope.make()
    const stores = yield* Layer.buildWithScope(
      layerFileStores(filename),
      scope
    )
    return {
      close: Scope.close(scope, Exit.void),
      connections: Context.get(stores, Connections),
      pairings: Context.get(stores, PairingStore),
      run: <A, E>(self: Effect.Effect<A, E, Stores>) => Effect.provide(self, stores),
      sessions: Context.get(stores, SessionStore)
    }
  })
