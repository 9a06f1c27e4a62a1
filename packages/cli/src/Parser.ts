/**
 * The commands as @effect/cli runs them, made from their description.
 *
 * @since 0.1.0
 */
import * as Args from "@effect/cli/Args"
import * as Command from "@effect/cli/Command"
import * as Options from "@effect/cli/Options"
import * as Effect from "effect/Effect"
import * as Record from "effect/Record"
import { isFlag, type Leaf, type Params, type Parsed, type Spec, type Term } from "./Spec.ts"
import * as T3 from "./T3.ts"

const toOption = ({ about, kind, name, value }: Term): Options.Options<unknown> => {
  if (kind === "toggle") return Options.boolean(name).pipe(Options.withDescription(about))
  const text = Options.text(name).pipe(Options.withPseudoName(value), Options.withDescription(about))
  return kind === "values" ? Options.repeated(text) : Options.optional(text)
}

const toArgs = ({ about, kind, name }: Term): Args.Args<unknown> => {
  const text = Args.text({ name }).pipe(Args.withDescription(about))
  return kind === "argument" ? text : kind === "repeatedArgument" ? Args.repeated(text) : Args.optional(text)
}

const toConfig = (params: Params): Readonly<Record<string, Args.Args<unknown> | Options.Options<unknown>>> =>
  Record.map(params, (term) => isFlag(term) ? toOption(term) : toArgs(term))

const leaf = <P extends Params, E, R>({ load, name, params, summary }: Leaf<P, E, R>) =>
  Command.make(name, toConfig(params), (values) =>
    // `toConfig` gives each parameter the value that its kind stands for.
    Effect.flatMap(Effect.promise(load), (module) => module.run(values as Parsed<P>))).pipe(
      Command.withDescription(summary)
    )

const group = ({ name, params, summary }: Spec) =>
  Command.make(name, toConfig(params)).pipe(Command.withDescription(summary))

const { env, log, pairing, session } = T3.leaves

/** The whole tree. */
export const command = group(T3.root).pipe(Command.withSubcommands([
  leaf(T3.leaves.start),
  leaf(T3.leaves.serve),
  leaf(T3.leaves.pair),
  leaf(T3.leaves.connect),
  group(T3.groups.env).pipe(
    Command.withSubcommands([leaf(env.list), leaf(env.status), leaf(env.rename), leaf(env.forget)])
  ),
  group(T3.groups.auth).pipe(Command.withSubcommands([
    group(T3.groups.pairing).pipe(
      Command.withSubcommands([leaf(pairing.create), leaf(pairing.list), leaf(pairing.revoke)])
    ),
    group(T3.groups.session).pipe(
      Command.withSubcommands([
        leaf(session.issue),
        leaf(session.list),
        leaf(session.revoke),
        leaf(session.revokeOthers)
      ])
    ),
    leaf(log)
  ]))
]))
