/**
 * `t3 auth session revoke`.
 *
 * @since 0.1.0
 */
import { Access } from "@t3/auth-core/Access"
import * as Label from "@t3/protocol/Label"
import { Revocation, type Session } from "@t3/protocol/Session"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { Output, printJson } from "../Output.ts"
import * as Administer from "./Administer.ts"
import * as Listing from "./Listing.ts"

const count = (amount: number, one: string, many: string): string => amount === 1 ? `1 ${one}` : `${amount} ${many}`

/** When this ends with exit code 0, the device is out. */
export const run = (values: Administer.Where & { readonly id: string }) =>
  Effect.gen(function*() {
    const output = yield* Output
    const access = yield* Access
    const describe = ({ device }: Session) => Label.clean(device.label) || device.kind
    const found = yield* Listing.find({ describe, list: access.listSessions, noun: "session" }, values.id)
    const revocation = yield* access.revokeSession(found.id)
    if (values.json) return yield* printJson(Schema.encodeSync(Revocation)(revocation))
    yield* output.print(`Revoked ${found.id} (${describe(found)}).`)
    if (revocation.linksRevoked > 0) {
      yield* output.print(
        `Also revoked: ${count(revocation.linksRevoked, "open link", "open links")} that it had made.`
      )
    }
    if (revocation.sessionsPairedFromThem > 0) {
      const stay = count(revocation.sessionsPairedFromThem, "device", "devices")
      yield* output.print(`Still signed in: ${stay} paired from its links. See t3 auth session list`)
    }
  }).pipe(Effect.provide(Administer.layer(values)))
