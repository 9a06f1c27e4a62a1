/**
 * `t3 auth pairing list`.
 *
 * @since 0.1.0
 */
import { Access } from "@t3/auth-core/Access"
import { Pairing } from "@t3/protocol/Pairing"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { Output, printJson } from "../Output.ts"
import * as Table from "../Table.ts"
import * as Administer from "./Administer.ts"
import * as Listing from "./Listing.ts"

const encode = Schema.encodeSync(Schema.Array(Pairing))

/** Newest first. The tokens themselves are not on file. */
export const run = (values: Administer.Where & { readonly all: boolean }) =>
  Effect.gen(function*() {
    const output = yield* Output
    const items = yield* Effect.flatMap(Access, (access) => Listing.everything(access.listPairings, values.all))
    if (values.json) return yield* printJson({ items: encode(items) })
    if (items.length === 0) return yield* output.say("No pairing link is open. Make one: t3 auth pairing create")
    yield* output.print(Table.render(
      ["ID", "STATE", "ROLE", "EXPIRES", "MADE BY", "LABEL"],
      items.map((item) => [
        item.id,
        item.state,
        item.role,
        Table.time(item.expiresAt),
        item.issuedBy.kind === "session" ? item.issuedBy.sessionId : item.issuedBy.kind,
        item.label
      ])
    ))
  }).pipe(Effect.provide(Administer.layer(values)))
