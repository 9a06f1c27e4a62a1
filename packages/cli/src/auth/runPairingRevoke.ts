/**
 * `t3 auth pairing revoke`.
 *
 * @since 0.1.0
 */
import { Access } from "@t3/auth-core/Access"
import * as Label from "@t3/protocol/Label"
import { Pairing } from "@t3/protocol/Pairing"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { Output, printJson } from "../Output.ts"
import * as Administer from "./Administer.ts"
import * as Listing from "./Listing.ts"

/** Ends one link, before anybody uses it. */
export const run = (values: Administer.Where & { readonly id: string }) =>
  Effect.gen(function*() {
    const output = yield* Output
    const access = yield* Access
    const describe = (item: Pairing) => Label.clean(item.label) || `${item.role}, ${item.state}`
    const found = yield* Listing.find({ describe, list: access.listPairings, noun: "pairing link" }, values.id)
    const revoked = yield* access.revokePairing(found.id)
    if (values.json) return yield* printJson(Schema.encodeSync(Pairing)(revoked))
    yield* output.print(`Revoked the pairing link ${found.id} (${describe(found)}).`)
  }).pipe(Effect.provide(Administer.layer(values)))
