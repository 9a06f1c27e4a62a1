/**
 * `t3 auth session issue`.
 *
 * @since 0.1.0
 */
import { Access } from "@t3/auth-core/Access"
import { Invalid } from "@t3/protocol/Errors"
import * as Label from "@t3/protocol/Label"
import { idleSeconds, type IssuedSession, Session } from "@t3/protocol/Session"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import { Output, printJson } from "../Output.ts"
import * as Settings from "../Settings.ts"
import * as Table from "../Table.ts"
import * as Ttl from "../Ttl.ts"
import * as Administer from "./Administer.ts"
import * as Grant from "./Grant.ts"

interface Values extends Administer.Where, Grant.GrantFlags {
  readonly ttl: Option.Option<string>
  readonly label: Option.Option<string>
  readonly printToken: boolean
}

/** The longest absolute end: ten years. */
const maxTtlSeconds = 315_360_000

/** A secret that lives for weeks must not end in a file or a log that nobody asked for. */
const guard = (values: Values) =>
  Effect.flatMap(Output, (output) =>
    output.terminal || values.json || values.printToken ? Effect.void : new Invalid({
      hint: "To have it there all the same, add --print-token (the token alone) or --json.",
      message: "The session's token is a lasting secret, and stdout is no terminal. No session was made."
    }))

const idleDays = idleSeconds / 86_400

const describeEnd = ({ session: { createdAt, expiresAt } }: IssuedSession, ttl: Option.Option<number>): string => {
  if (Option.isNone(ttl)) return `until ${Table.time(expiresAt)}, longer if it is used`
  const end = Table.time(DateTime.add(createdAt, { seconds: ttl.value }))
  return ttl.value <= idleSeconds
    ? `until ${end}`
    : `until ${end} at the latest, and no longer than ${idleDays} days without use`
}

const show = (values: Values, issued: IssuedSession, ttl: Option.Option<number>) =>
  Effect.gen(function*() {
    const output = yield* Output
    const token = Redacted.value(issued.token)
    if (values.json) {
      return yield* printJson({
        session: Schema.encodeSync(Session)(issued.session),
        sessionToken: token,
        expiresIn: issued.expiresIn
      })
    }
    const { device, id, role } = issued.session
    const end = describeEnd(issued, ttl)
    const about = `Session ${id} for ${Label.clean(device.label) || device.kind}, ${role}, ${end}`
    yield* output.say(`${about}. Treat the token like a password; it is not shown again.`)
    yield* output.print(token)
  })

/** Makes a session and shows its token, once. */
export const run = (values: Values) =>
  Effect.gen(function*() {
    yield* guard(values)
    const grant = yield* Grant.read(values)
    const ttl = yield* Effect.transposeMapOption(values.ttl, (text) => Ttl.parse("--ttl", text, maxTtlSeconds))
    const label = yield* Settings.label("--label", values.label)
    const issued = yield* Effect.flatMap(Access, (access) =>
      access.issueSession({
        ...grant,
        device: { kind: "script", ...Option.match(label, { onNone: () => ({}), onSome: (text) => ({ label: text }) }) },
        ...Option.match(ttl, { onNone: () => ({}), onSome: (seconds) => ({ ttl: seconds }) })
      })).pipe(Effect.provide(Administer.layer(values, "begin")))
    yield* show(values, issued, ttl)
  })
