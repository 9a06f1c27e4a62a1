/** The event stream as `text/event-stream`: https://html.spec.whatwg.org/multipage/server-sent-events.html */
import * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import type { SessionStore } from "@t3/auth-core/SessionStore"
import { EventItem, type FollowRequest, Position } from "@t3/protocol/Event"
import { StreamId } from "@t3/protocol/Ids"
import type { Session } from "@t3/protocol/Session"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schedule from "effect/Schedule"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import type { Events } from "../live/Events.ts"
import { sees } from "../live/sees.ts"

/** How often a comment tells that the connection lives. */
const beatEvery = "15 seconds"

const encode = Schema.encodeSync(Schema.parseJson(EventItem))

const decodePosition = Schema.decodeUnknownOption(Position)

/** A place in no stream: whoever says something that is none has lost its own. */
const nowhere: Position = { seq: 0, stream: StreamId.make("000000000000") }

const placeOf = (text: string): unknown => {
  const [, stream, seq] = /^([^:]*):(\d+)$/.exec(text) ?? []
  return { seq: seq === undefined ? seq : Number(seq), stream }
}

/** Where the client was: `Last-Event-ID` as it was sent to it, or the two parameters. */
export const requestOf = (
  lastEventId: string | undefined,
  { after, stream }: { readonly stream?: string; readonly after?: number }
): FollowRequest => {
  // Browsers leave out an id that is empty; others may not.
  const sent = lastEventId === "" ? undefined : lastEventId
  if (sent === undefined && after === undefined && stream === undefined) return {}
  const place = sent === undefined ? { seq: after, stream } : placeOf(sent)
  return { after: Option.getOrElse(decodePosition(place), () => nowhere) }
}

const frameOf = (item: EventItem, stream: string): string =>
  `id: ${stream}:${item.seq}\nevent: ${item._tag}\ndata: ${encode(item)}\n\n`

/** Frames need the id of the stream, which only the items that say where it stands have. */
const frames = (items: Stream.Stream<EventItem>): Stream.Stream<string> =>
  Stream.mapAccum(items, "", (stream, item) => {
    const now = item._tag === "Position" ? item.stream : stream
    return [now, frameOf(item, now)]
  })

/** The answer: never ends by itself. An open stream is a use of its session; none for the account that owns the machine. */
export const eventStream = (
  events: typeof Events.Service,
  sessions: typeof SessionStore.Service,
  request: FollowRequest,
  session: Option.Option<Session>
): HttpServerResponse.HttpServerResponse => {
  const use = Option.match(session, {
    onNone: () => Effect.void,
    onSome: ({ id }) => Effect.ignore(sessions.current(id))
  })
  const beats = Stream.repeatEffectWithSchedule(Effect.as(use, ": still here\n\n"), Schedule.spaced(beatEvery))
  return HttpServerResponse.stream(
    Stream.merge(frames(events.follow(request, sees(session))), beats, { haltStrategy: "left" }).pipe(
      Stream.encodeText
    ),
    { contentType: "text/event-stream", headers: { "x-accel-buffering": "no" } }
  )
}
