/**
 * The rules of a list of saved environments, whatever it is kept in.
 *
 * @since 0.1.0
 */
import { Conflict, Invalid, NotFound } from "@t3/protocol/Errors"
import * as Label from "@t3/protocol/Label"
import * as Either from "effect/Either"
import type { NewEnvironment, SavedEnvironment } from "../EnvironmentStore.ts"

/** A list after a change, and the entry that it was about. */
export interface Change {
  readonly all: ReadonlyArray<SavedEnvironment>
  readonly entry: SavedEnvironment
}

const names = (all: ReadonlyArray<SavedEnvironment>): string =>
  all.length === 0 ? "None is saved: pair with one first." : `Saved: ${all.map((entry) => entry.name).join(", ")}.`

const unique = (wanted: string, taken: ReadonlyArray<SavedEnvironment>): string => {
  const isTaken = (name: string) => taken.some((entry) => entry.name === name)
  let name = wanted
  for (let n = 2; isTaken(name); n++) name = `${wanted}-${n}`
  return name
}

/** The entry of that name, spelt exactly so. */
export const find = (
  all: ReadonlyArray<SavedEnvironment>,
  name: string
): Either.Either<SavedEnvironment, NotFound> =>
  Either.fromNullable(
    all.find((entry) => entry.name === name),
    () => new NotFound({ hint: names(all), message: `No saved environment is called "${Label.clean(name)}".` })
  )

/** Adds it, or replaces the entry of the same environment in its place. */
export const save = (all: ReadonlyArray<SavedEnvironment>, environment: NewEnvironment): Change => {
  const before = all.find((entry) => entry.environmentId === environment.environmentId)
  const others = all.filter((entry) => entry !== before)
  const wanted = Label.clean(environment.name ?? before?.name ?? environment.label)
  const name = unique(wanted || new URL(environment.connectionString).hostname, others)
  const entry = { ...environment, name }
  return { all: before === undefined ? [...all, entry] : all.map((old) => old === before ? entry : old), entry }
}

/** Gives it another name. */
export const rename = (
  all: ReadonlyArray<SavedEnvironment>,
  name: string,
  newName: string
): Either.Either<Change, NotFound | Conflict | Invalid> =>
  Either.gen(function*() {
    const before = yield* find(all, name)
    const wanted = Label.clean(newName)
    if (wanted === "") {
      return yield* Either.left(
        new Invalid({ hint: "Give it at least one visible character.", message: "The new name is empty." })
      )
    }
    if (all.some((other) => other !== before && other.name === wanted)) {
      return yield* Either.left(
        new Conflict({
          hint: "Choose another name, or rename that one first.",
          message: `Another saved environment is already called "${wanted}".`
        })
      )
    }
    const entry = { ...before, name: wanted }
    return { all: all.map((old) => old === before ? entry : old), entry }
  })

/** Takes it out. */
export const forget = (all: ReadonlyArray<SavedEnvironment>, name: string): Either.Either<Change, NotFound> =>
  Either.map(find(all, name), (entry) => ({ all: all.filter((other) => other !== entry), entry }))
