/**
 * Saved environments in one JSON file: readable by its owner alone, replaced whole, changed by one process at a time.
 *
 * @since 0.1.0
 */
import { Unavailable, VersionMismatch } from "@t3/protocol/Errors"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { EnvironmentStore, SavedEnvironment, type StoreFault } from "../EnvironmentStore.ts"
import * as Saved from "../internal/saved.ts"
import * as AtomicFile from "./AtomicFile.ts"

/** Changes only when a program of before could no longer read the file. */
const version = 1

const Header = Schema.parseJson(Schema.Struct({ version: Schema.Int }))

const Contents = Schema.parseJson(
  Schema.Struct({ version: Schema.Literal(version), environments: Schema.Array(SavedEnvironment) }),
  { space: 2 }
)

const decode = (file: string, text: string): Either.Either<ReadonlyArray<SavedEnvironment>, StoreFault> => {
  const header = Schema.decodeOption(Header)(text)
  if (Option.isSome(header) && header.value.version > version) {
    return Either.left(
      new VersionMismatch({
        hint: "Update T3 on this device. The file was left as it is.",
        message:
          `${file} was written by a newer T3 (its version is ${header.value.version}, this program knows ${version}).`
      })
    )
  }
  return Schema.decodeEither(Contents)(text).pipe(
    Either.mapBoth({
      // The schema's own report would quote the file, secrets and all.
      onLeft: () =>
        new Unavailable({
          hint: "It was left as it is. Repair it, or move it away and pair again.",
          message: `${file} is damaged: it does not hold a list of saved environments.`
        }),
      onRight: (contents) => contents.environments
    })
  )
}

const read = (file: string): Effect.Effect<ReadonlyArray<SavedEnvironment>, StoreFault> =>
  Effect.flatMap(AtomicFile.read(file), (text) => text === undefined ? Effect.succeed([]) : decode(file, text))

const write = (file: string, environments: ReadonlyArray<SavedEnvironment>) =>
  Effect.flatMap(
    Effect.orDie(Schema.encode(Contents)({ environments, version })),
    (text) => AtomicFile.replace(file, `${text}\n`)
  )

/** Keeps the saved environments in `file`. Reading creates nothing; the first save creates its directory, as 0700. */
export const layer = (options: { readonly file: string }): Layer.Layer<EnvironmentStore> =>
  Layer.sync(EnvironmentStore, () => {
    const { file } = options
    const list = read(file).pipe(Effect.withSpan("EnvironmentStore.list"))
    const change = <E>(decide: (all: ReadonlyArray<SavedEnvironment>) => Either.Either<Saved.Change, E>) =>
      Effect.gen(function*() {
        const { all, entry } = yield* Effect.flatMap(read(file), decide)
        yield* write(file, all)
        return entry
      }).pipe(AtomicFile.withLock(file))
    /** What is not there is refused before a lock, and with it a directory, comes into being. */
    const changeNamed = <E>(
      name: string,
      decide: (all: ReadonlyArray<SavedEnvironment>) => Either.Either<Saved.Change, E>
    ) => Effect.flatMap(list, (all) => Saved.find(all, name)).pipe(Effect.zipRight(change(decide)))
    return {
      list,
      get: Effect.fn("EnvironmentStore.get")((name) => Effect.flatMap(list, (all) => Saved.find(all, name))),
      save: Effect.fn("EnvironmentStore.save")((environment) =>
        change((all) => Either.right(Saved.save(all, environment)))
      ),
      rename: Effect.fn("EnvironmentStore.rename")((name, newName) =>
        changeNamed(name, (all) => Saved.rename(all, name, newName))
      ),
      forget: Effect.fn("EnvironmentStore.forget")((name) => changeNamed(name, (all) => Saved.forget(all, name)))
    }
  })
