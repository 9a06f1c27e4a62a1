/**
 * Reads items of the event stream from a server of this version or a newer one: kinds that came later are left out.
 *
 * @since 0.1.0
 */
import { EventItem } from "@t3/protocol/Event"
import * as Schema from "effect/Schema"

const kinds: Readonly<Record<EventItem["_tag"], true>> = {
  Position: true,
  Access: true,
  Connection: true,
  Project: true,
  Endpoints: true,
  Stopping: true
}

const isKind = (tag: string): boolean => Object.hasOwn(kinds, tag)

const Later = Schema.Struct({ _tag: Schema.String.pipe(Schema.filter((tag) => !isKind(tag))) })

/** An item, or one of a kind that came later. What has a known kind but another shape is neither. */
export const AnyItem = Schema.Union(EventItem, Later)
type AnyItem = typeof AnyItem.Type

/** Whether this version knows what it is. */
export const isKnown = (item: AnyItem): item is EventItem => isKind(item._tag)
