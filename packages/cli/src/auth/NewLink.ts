/**
 * Makes a pairing link and shows it: what `t3 pair` and `t3 auth pairing create` share.
 *
 * @since 0.1.0
 */
import { Access } from "@t3/auth-core/Access"
import { defaultTtlSeconds, maxTtlSeconds, Pairing } from "@t3/protocol/Pairing"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { ServerAddress } from "../access/ServerAddress.ts"
import * as Announcement from "../Announcement.ts"
import { Output, printJson } from "../Output.ts"
import * as Settings from "../Settings.ts"
import * as Ttl from "../Ttl.ts"
import * as Administer from "./Administer.ts"
import * as Grant from "./Grant.ts"

/** The flags of both. */
export interface Values extends Administer.Where, Grant.GrantFlags {
  readonly ttl: Option.Option<string>
  readonly label: Option.Option<string>
}

/** Makes a link; without a running server, where that is not refused, a token for the next one. */
export const make = (values: Values, offline: "begin" | "refuse") =>
  Effect.gen(function*() {
    const grant = yield* Grant.read(values)
    const ttl = yield* Effect.transposeMapOption(values.ttl, (text) => Ttl.parse("--ttl", text, maxTtlSeconds))
    const label = yield* Settings.label("--label", values.label)
    yield* Effect.gen(function*() {
      const output = yield* Output
      const pairing = yield* Effect.flatMap(Access, (access) =>
        access.issuePairing({
          ...grant,
          label: Option.getOrElse(label, () => ""),
          ttl: Option.getOrElse(ttl, () => defaultTtlSeconds)
        }))
      const address = yield* Effect.flatMap(ServerAddress, (server) => server.best)
      const announcement = { addresses: Option.toArray(address), pairing }
      if (values.json) {
        const { id, label, scopes } = Schema.encodeSync(Pairing)(pairing.pairing)
        return yield* printJson({ id, label, scopes, ...Announcement.toJson(announcement) })
      }
      yield* Announcement.print(announcement)
      if (Option.isNone(address)) yield* output.say("t3: no server runs here now. Start `t3 serve` to use this token.")
    }).pipe(Effect.provide(Administer.layer(values, offline)))
  })
