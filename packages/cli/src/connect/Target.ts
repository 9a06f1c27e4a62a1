/**
 * What to pair with: a link, or an address and a token, from the command line, a file, stdin or a person.
 *
 * @since 0.1.0
 */
import type { PairTarget } from "@t3/client/Pair"
import * as ConnectionString from "@t3/protocol/ConnectionString"
import { Invalid, NotFound } from "@t3/protocol/Errors"
import * as PairingLink from "@t3/protocol/PairingLink"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"
import { readFile } from "node:fs/promises"
import { text as readAll } from "node:stream/consumers"
import * as Ask from "../Ask.ts"
import { Output } from "../Output.ts"

/** The flags that say it. */
export interface TargetFlags {
  readonly target: Option.Option<string>
  readonly tokenFile: Option.Option<string>
}

/** Where the secret would go, and the target itself. */
export interface Target {
  readonly address: ConnectionString.ConnectionString
  readonly pair: PairTarget
}

const forScripts = "Give the link on stdin (`t3 connect -`), or the token with --token-file FILE (- is stdin)."

/** The most that a link can reasonably take. */
const maxLength = 4096

const readSecret = (from: string): Effect.Effect<string, Invalid | NotFound> =>
  Effect.tryPromise({
    try: () => from === "-" ? readAll(process.stdin) : readFile(from, "utf8"),
    catch: (cause) => {
      const code = Predicate.hasProperty(cause, "code") ? String(cause.code) : "unknown reason"
      return code === "ENOENT"
        ? new NotFound({ hint: "Check the path after --token-file.", message: `There is no file ${from}.` })
        : new Invalid({ hint: "Check the path after --token-file.", message: `${from} cannot be read (${code}).` })
    }
  }).pipe(
    Effect.map((text) => text.trim()),
    Effect.filterOrFail(
      (text) => text !== "" && text.length <= maxLength,
      (text) =>
        new Invalid({
          hint: "It holds one pairing link or token, and nothing else.",
          message: `${from === "-" ? "Stdin" : from} ${text === "" ? "is empty" : "is too long for a link"}.`
        })
    )
  )

const ask = (question: string): Effect.Effect<string, Invalid, Output> =>
  Effect.flatMap(Output, (output) =>
    output.interactive
      ? Ask.line(question)
      : new Invalid({
        hint: forScripts,
        message: `A pairing token is needed, and ${output.unasked}.`
      }))

/** A link has its secret behind #; its page is /pair. */
const isLink = (text: string): boolean => text.includes("#") || /\/pair\/?$/.test(text.trim())

const fromLink = (text: string): Either.Either<Target, Invalid> =>
  Either.map(PairingLink.parse(text), ({ connectionString }) => ({ address: connectionString, pair: text }))

const fromHost = (host: string, secret: Effect.Effect<string, Invalid | NotFound, Output>) =>
  Effect.gen(function*() {
    const address = yield* ConnectionString.parse(host)
    return { address, pair: { host: address, token: yield* secret } }
  })

/** Reads the target, asking for what is missing if somebody is there to answer. */
export const read = (flags: TargetFlags): Effect.Effect<Target, Invalid | NotFound, Output> =>
  Effect.gen(function*() {
    const given = Option.getOrUndefined(flags.target)
    const file = Option.map(flags.tokenFile, readSecret)
    if (given === undefined || given === "-") {
      const text = yield* given === "-"
        ? readSecret("-")
        : Option.getOrElse(file, () => ask("Pairing link (or address): "))
      return yield* isLink(text) ? fromLink(text) : fromHost(text, ask("Pairing token: "))
    }
    if (isLink(given)) return yield* fromLink(given)
    return yield* fromHost(given, Option.getOrElse(file, () => ask("Pairing token: ")))
  })
