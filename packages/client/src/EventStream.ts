/**
 * The event stream over plain HTTP (`text/event-stream`): for what only listens, and where no WebSocket gets through.
 *
 * @since 0.1.0
 */
import * as HttpClient from "@effect/platform/HttpClient"
import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import { type Refusal, Unreachable } from "@t3/protocol/Errors"
import type { EventItem, FollowRequest } from "@t3/protocol/Event"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import * as Answer from "./internal/answer.ts"
import * as Item from "./internal/eventItem.ts"
import * as EventSource from "./internal/eventSource.ts"
import * as Request from "./internal/request.ts"

export type { Options } from "./internal/request.ts"

/** How long the beginning of the answer may take. */
const patience = "30 seconds"

/** The server says something every 15 seconds, be it that there is nothing to say. */
const longestSilence = "60 seconds"

/** The request, whose answer begins at once and ends with the scope. */
const open = (options: Request.Options, { after }: FollowRequest) =>
  Effect.gen(function*() {
    const address = options.connectionString
    const http = Request.prepare(yield* HttpClient.HttpClient, options, "text/event-stream")
    return yield* HttpClientRequest.get(address).pipe(
      HttpClientRequest.appendUrl("/api/events"),
      HttpClientRequest.setUrlParams(after === undefined ? {} : { after: after.seq, stream: after.stream }),
      http.execute,
      Effect.mapError((fault) => Answer.toRefusal(address, fault)),
      Effect.timeoutFail({
        duration: patience,
        onTimeout: () => new Unreachable({ message: `${address} did not answer within ${patience}.` })
      })
    )
  })

const decodeItem = Schema.decode(Schema.parseJson(Item.AnyItem))

/** The items that the bytes of an answer hold, one by one: what came before garbage is given. */
const read = <R>(address: string, bytes: Stream.Stream<Uint8Array, Refusal, R>): Stream.Stream<EventItem, Refusal, R> =>
  Stream.suspend(() => {
    const feed = EventSource.make()
    const notT3 = (fault: unknown) => Answer.fromDecoding(address, fault)
    return bytes.pipe(
      Stream.mapConcatEffect((chunk) => Either.mapLeft(feed(chunk), notT3)),
      Stream.mapEffect((data) => Effect.mapError(decodeItem(data), notT3)),
      Stream.filter(Item.isKnown)
    )
  })

/**
 * Follows the events of an environment: first where the stream stands, then what happens. It never ends by itself: it
 * fails with the server's refusal, or with `Unreachable` when the connection ended or nothing came for a minute. Follow
 * again, after the last item that came, to go on. Kinds of events that this version does not know are left out.
 */
export const follow = (
  options: Request.Options,
  request: FollowRequest
): Stream.Stream<EventItem, Refusal, HttpClient.HttpClient> => {
  const address = options.connectionString
  const bytes = Stream.unwrapScoped(Effect.map(open(options, request), (response) => response.stream)).pipe(
    Stream.mapError((fault) => Answer.toRefusal(address, fault)),
    Stream.timeoutFail(
      () => new Unreachable({ message: `${address} has been silent for ${longestSilence}.` }),
      longestSilence
    ),
    Stream.concat(Stream.fail(new Unreachable({ message: `The connection to ${address} was closed.` })))
  )
  return read(address, bytes)
}
