/**
 * What flags and `T3_*` variables say, read and checked: a flag wins over a variable, a variable over the default.
 *
 * @since 0.1.0
 */
import { Invalid } from "@t3/protocol/Errors"
import * as Label from "@t3/protocol/Label"
import type * as T3Server from "@t3/server/T3Server"
import * as Config from "effect/Config"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { homedir } from "node:os"
import { join, resolve } from "node:path"

/** The values of `Flags.server`. */
export interface ServerFlags {
  readonly cwd: Option.Option<string>
  readonly host: ReadonlyArray<string>
  readonly port: Option.Option<string>
  readonly advertiseHost: ReadonlyArray<string>
  readonly label: Option.Option<string>
  readonly baseDir: Option.Option<string>
  readonly noToken: boolean
  readonly json: boolean
}

/** A value and the flag or variable it came from, for messages. */
interface Sourced {
  readonly from: string
  readonly text: string
}

const fromEnvironment = (name: string): Effect.Effect<Option.Option<Sourced>> =>
  Config.option(Config.string(name)).pipe(
    Effect.map(Option.map((text) => ({ from: name, text }))),
    Effect.orDie
  )

/** Blank is never taken for absent: `--host "$(…)"` must not fall back to a default when the command prints nothing. */
const refuseBlank = (sourced: Sourced): Effect.Effect<Sourced, Invalid> =>
  sourced.text.trim() === ""
    ? new Invalid({ hint: "Give it a value, or leave it out.", message: `${sourced.from} is empty.` })
    : Effect.succeed(sourced)

const one = (flag: string, given: Option.Option<string>, variable: string) =>
  Effect.gen(function*() {
    const sourced = Option.isSome(given)
      ? Option.some({ from: flag, text: given.value })
      : yield* fromEnvironment(variable)
    return yield* Effect.transposeMapOption(sourced, refuseBlank)
  })

const many = (flag: string, given: ReadonlyArray<string>, variable: string) =>
  Effect.gen(function*() {
    const fallback = given.length > 0 ? Option.none() : yield* fromEnvironment(variable)
    const all = Option.match(fallback, {
      onNone: () => given.map((text) => ({ from: flag, text })),
      onSome: ({ text }) => text.split(",").map((part) => ({ from: variable, text: part }))
    })
    const values = yield* Effect.forEach(all, refuseBlank)
    return values.map(({ text }) => text.trim())
  })

const toPort = ({ from, text }: Sourced): Effect.Effect<number, Invalid> => {
  const port = /^\d{1,5}$/.test(text.trim()) ? Number(text) : Number.NaN
  return port <= 65_535 ? Effect.succeed(port) : new Invalid({
    hint: "A port is 0 to 65535; 0 picks a free one.",
    message: `${from} "${Label.clean(text)}" is no port.`
  })
}

const toLabel = ({ from, text }: Sourced): Effect.Effect<string, Invalid> => {
  const label = Label.clean(text)
  return label === ""
    ? new Invalid({
      hint: "Give it at least one visible character.",
      message: `${from} has nothing that can be shown.`
    })
    : Effect.succeed(label)
}

/** A label that may be given, cleaned. */
export const label = (flag: string, given: Option.Option<string>): Effect.Effect<Option.Option<string>, Invalid> =>
  Effect.transposeMapOption(given, (text) => toLabel({ from: flag, text }))

/** The data directory, absolute. Nothing is created. */
export const baseDir = (given: Option.Option<string>): Effect.Effect<string, Invalid> =>
  Effect.map(
    one("--base-dir", given, "T3_HOME"),
    (sourced) => Option.match(sourced, { onNone: () => join(homedir(), ".t3"), onSome: ({ text }) => resolve(text) })
  )

const present = <Key extends string, A>(key: Key, value: Option.Option<A>) =>
  Option.match(value, { onNone: () => ({}), onSome: (some) => ({ [key]: some } as { readonly [K in Key]: A }) })

const nonEmpty = <A>(values: ReadonlyArray<A>): Option.Option<ReadonlyArray<A>> =>
  values.length === 0 ? Option.none() : Option.some(values)

/** How to start the server. */
export const server = (flags: ServerFlags): Effect.Effect<T3Server.Options, Invalid> =>
  Effect.gen(function*() {
    const hosts = yield* many("--host", flags.host, "T3_HOST")
    const advertised = yield* many("--advertise-host", flags.advertiseHost, "T3_ADVERTISE_HOST")
    const port = yield* one("--port", flags.port, "T3_PORT")
    const name = yield* one("--label", flags.label, "T3_LABEL")
    const cwd = yield* Effect.transposeMapOption(flags.cwd, (text) => refuseBlank({ from: "The folder", text }))
    return {
      baseDir: yield* baseDir(flags.baseDir),
      ...present("hosts", nonEmpty(hosts)),
      ...present("port", yield* Effect.transposeMapOption(port, toPort)),
      ...present("advertiseHosts", nonEmpty(advertised)),
      ...present("label", yield* Effect.transposeMapOption(name, toLabel)),
      ...present("cwd", Option.map(cwd, ({ text }) => resolve(text)))
    }
  })
