/**
 * Where an administrator's command acts: on this machine, through its server if one runs, or on a saved environment.
 *
 * @since 0.1.0
 */
import type { Access } from "@t3/auth-core/Access"
import type { Refusal } from "@t3/protocol/Errors"
import type { StartError } from "@t3/server/StartError"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import type * as LocalAccess from "../access/LocalAccess.ts"
import type { ServerAddress } from "../access/ServerAddress.ts"
import * as Settings from "../Settings.ts"

/** The flags that say where. */
export interface Where {
  readonly baseDir: Option.Option<string>
  readonly env: Option.Option<string>
  readonly json: boolean
}

const remote = (name: string, baseDir: Option.Option<string>) =>
  Layer.unwrapEffect(Effect.promise(async () => {
    const RemoteAccess = await import("../access/RemoteAccess.ts")
    const SavedEnvironments = await import("../env/SavedEnvironments.ts")
    return RemoteAccess.layer(name).pipe(Layer.provide(SavedEnvironments.layer(baseDir)))
  }))

const local = (baseDir: Option.Option<string>, offline: LocalAccess.Options["offline"]) =>
  Layer.unwrapEffect(Effect.gen(function*() {
    const directory = yield* Settings.baseDir(baseDir)
    const LocalAccess = yield* Effect.promise(() => import("../access/LocalAccess.ts"))
    return LocalAccess.layer({ baseDir: directory, offline })
  }))

/** `Access` to the place that the flags name. `offline` is for this machine alone. */
export const layer = (
  where: Where,
  offline: LocalAccess.Options["offline"] = "use"
): Layer.Layer<Access | ServerAddress, Refusal | StartError> =>
  Option.match(where.env, {
    onNone: () => local(where.baseDir, offline),
    onSome: (name) => remote(name, where.baseDir)
  })
