/**
 * The live connection to one environment: a WebSocket that calls and events go over, for as long as it holds.
 *
 * @since 0.1.0
 */
import type * as HttpClient from "@effect/platform/HttpClient"
import * as Socket from "@effect/platform/Socket"
import type { Refusal } from "@t3/protocol/Errors"
import { path, subprotocol, ticketPrefix } from "@t3/protocol/LiveConnection"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import type * as Scope from "effect/Scope"
import type { LiveCalls } from "./internal/liveCalls.ts"
import * as Calls from "./internal/liveCalls.ts"
import * as End from "./internal/liveEnd.ts"
import * as LiveProtocol from "./internal/liveProtocol.ts"
import * as T3Client from "./T3Client.ts"

export type { LiveCalls } from "./internal/liveCalls.ts"

/** Where the environment is, and the session whose rights the calls have. */
export interface Options {
  readonly connectionString: string
  /** Buys the ticket that the connection is opened with. It is not sent over the connection itself. */
  readonly token: Redacted.Redacted
}

/** One open connection. */
export interface LiveClient {
  /**
   * The calls, `rpc.<group>.<name>(request)`. Each fails with its own refusal, with the reason of the end when the
   * connection ends before the answer, or with `Unreachable` after 30 seconds. The events go on until the connection ends.
   */
  readonly rpc: LiveCalls
  /**
   * Never succeeds: fails with the reason as soon as the connection has ended. What to do is in the reason: pair again
   * (`SessionRevoked`, `SessionExpired`, `Unauthenticated`), ask for more rights (`ScopeRequired`), update
   * (`VersionMismatch`), or connect again (`Unavailable`, `Unreachable`).
   */
  readonly closed: Effect.Effect<never, Refusal>
}

const urlOf = (address: string): string => `${address.replace(/^http/i, "ws").replace(/\/+$/, "")}${path}`

/** The ticket stands in the list of subprotocols, where no log of URLs shows it. */
const makeSocket = (
  address: string,
  ticket: Redacted.Redacted
): Effect.Effect<Socket.Socket, never, Socket.WebSocketConstructor> =>
  Socket.fromWebSocket(
    Effect.acquireRelease(
      Effect.flatMap(Socket.WebSocketConstructor, (construct) =>
        Effect.try({
          try: () => construct(urlOf(address), [subprotocol, `${ticketPrefix}${Redacted.value(ticket)}`]),
          catch: (cause) => new Socket.SocketGenericError({ cause, reason: "Open" })
        })),
      (ws) => Effect.sync(() => ws.close(1000))
    ),
    { closeCodeIsError: () => true }
  )

/**
 * Opens the live connection, with a ticket of its own, and gives it once it is open. Fails with the refusal of the
 * ticket, with the server's reason where it refuses the upgrade, or with `Unreachable`. It ends with the scope, and is
 * not opened again: that takes another ticket. A peer that has been silent for 20 to 30 seconds, asked twice, has ended
 * it (`Unreachable`).
 */
export const connect: (
  options: Options
) => Effect.Effect<LiveClient, Refusal, HttpClient.HttpClient | Socket.WebSocketConstructor | Scope.Scope> = Effect.fn(
  "Live.connect"
)(function*(options: Options) {
  const address = options.connectionString
  const client = yield* T3Client.make(options)
  const { ticket } = yield* client.session.ticket()
  const connection = yield* LiveProtocol.open({
    address,
    socket: yield* makeSocket(address, ticket),
    // A browser is not told why an upgrade was refused; the same is refused here, with the reason.
    whyNotOpened: Effect.orElseSucceed(Effect.flip(client.session.ticket()), () => End.notOpened(address))
  })
  const rpc = yield* Calls.make(address, connection)
  // Before the calls themselves end with the scope, so that what is under way fails rather than being interrupted.
  yield* Effect.addFinalizer(() => connection.socket.end(End.closedHere(address)))
  return { closed: connection.socket.closed, rpc }
})
