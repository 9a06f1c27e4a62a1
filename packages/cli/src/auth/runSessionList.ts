/**
 * `t3 auth session list`.
 *
 * @since 0.1.0
 */
import { Access } from "@t3/auth-core/Access"
import { Session } from "@t3/protocol/Session"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { Output, printJson } from "../Output.ts"
import { count } from "../Plural.ts"
import * as Table from "../Table.ts"
import * as Administer from "./Administer.ts"
import * as Listing from "./Listing.ts"

const encode = Schema.encodeSync(Schema.Array(Session))

const connected = (connections: number): string => connections > 1 ? count(connections, "connection") : "yes"

const row = (item: Session, now: DateTime.Utc, all: boolean): ReadonlyArray<string> => [
  item.id,
  ...(all ? [item.state] : []),
  item.device.label,
  [item.device.kind, item.device.os].filter((part) => part !== undefined).join(", "),
  item.current ? `${item.role} (this one)` : item.role,
  item.connections === 0 ? "" : connected(item.connections),
  Table.relative(item.lastUsedAt, now),
  Table.relative(item.expiresAt, now)
]

/** Newest first. */
export const run = (values: Administer.Where & { readonly all: boolean }) =>
  Effect.gen(function*() {
    const output = yield* Output
    const items = yield* Effect.flatMap(Access, (access) => Listing.everything(access.listSessions, values.all))
    if (values.json) return yield* printJson({ items: encode(items) })
    if (items.length === 0) return yield* output.say("No device is signed in. Make a link: t3 auth pairing create")
    const now = yield* DateTime.now
    yield* output.print(Table.render(
      ["ID", ...(values.all ? ["STATE"] : []), "DEVICE", "KIND", "ROLE", "CONNECTED", "LAST USED", "EXPIRES"],
      items.map((item) => row(item, now, values.all))
    ))
  }).pipe(Effect.provide(Administer.layer(values)))
