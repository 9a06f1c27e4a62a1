/**
 * What a server tells the devices that listen: numbered within one start of the server, so that a listener that lost its
 * connection can go on where it was.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"
import { ConnectionString } from "./ConnectionString.ts"
import { SessionId, StreamId } from "./Ids.ts"
import { LogDevice, LogEntry } from "./LogEntry.ts"

/**
 * A place in a stream: the last event that was seen. `stream` is another after every start of the server. As the `id` of
 * `text/event-stream` it is `<stream>:<seq>`.
 */
export const Position = Schema.Struct({ stream: StreamId, seq: Schema.NonNegativeInt })
export type Position = typeof Position.Type

const numbered = { seq: Schema.NonNegativeInt, at: Schema.DateTimeUtc }

/** A decision about access: links and sessions that were made, used, renamed, revoked, or refused. Takes `access:read`. */
export const AccessEvent = Schema.TaggedStruct("Access", { ...numbered, entry: LogEntry })

/** A device came or went; `connections` is how many it has now. Takes `access:read`. */
export const ConnectionEvent = Schema.TaggedStruct("Connection", {
  ...numbered,
  sessionId: SessionId,
  device: LogDevice,
  connections: Schema.NonNegativeInt
})

/** A project has changed. Takes `project:read`. */
export const ProjectEvent = Schema.TaggedStruct("Project", {
  ...numbered,
  /** `added`, or what a later version has beside. */
  change: Schema.String,
  project: Schema.Struct({ id: Schema.String, path: Schema.String, title: Schema.String })
})

/** The addresses under which the server can be reached have changed. Takes `environment:read`. */
export const EndpointsEvent = Schema.TaggedStruct("Endpoints", {
  ...numbered,
  endpoints: Schema.Array(ConnectionString)
})

/** The server ends, for a restart or for good; connections close next. For every session. */
export const StoppingEvent = Schema.TaggedStruct("Stopping", numbered)

/** Something that happened. */
export const Event = Schema.Union(AccessEvent, ConnectionEvent, ProjectEvent, EndpointsEvent, StoppingEvent)
export type Event = typeof Event.Type

/**
 * Where the stream stands: the first item, and one wherever events are missing. With `reload` some were missed (the
 * position asked for is too old or of another start, or the listener was too slow): read the lists again.
 */
export const PositionItem = Schema.TaggedStruct("Position", { ...Position.fields, reload: Schema.Boolean })

/** One item of the stream, over WebSocket or as `text/event-stream`. */
export const EventItem = Schema.Union(PositionItem, Event)
export type EventItem = typeof EventItem.Type

/** Where to go on; from now on where absent. */
export const FollowRequest = Schema.Struct({ after: Schema.optionalWith(Position, { exact: true }) })
export type FollowRequest = typeof FollowRequest.Type
