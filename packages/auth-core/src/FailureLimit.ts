/**
 * How many wrong secrets a network, and all networks together, may present. Only failures count: a secret that is on
 * file is never refused for what others did, and nobody is banned.
 *
 * @since 0.1.0
 */
import { RateLimited } from "@t3/protocol/Errors"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { type Allowance, Policy } from "./Policy.ts"
import { Source } from "./Source.ts"

/** Networks that are remembered; beyond it the one that was met first is forgotten, and `all` still holds. */
const maxNetworks = 10_000

/** Milliseconds' worth of tokens that are left, which stays a whole number, and when that was so. */
interface Bucket {
  readonly left: number
  readonly at: number
}

const refill = ({ every, most }: Allowance, bucket: Bucket | undefined, now: number): Bucket => ({
  at: now,
  left: bucket === undefined ? most * every : Math.min(most * every, bucket.left + Math.max(0, now - bucket.at))
})

export class FailureLimit extends Context.Tag("@t3/auth-core/FailureLimit")<FailureLimit, {
  /** Counts a failure of `Source` (`RateLimited` where there were too many). */
  readonly count: Effect.Effect<void, RateLimited>
}>() {
  static readonly layer: Layer.Layer<FailureLimit> = Layer.effect(
    this,
    Effect.map(Policy, ({ failures }) => {
      const networks = new Map<string, Bucket>()
      let everyone: Bucket | undefined
      return FailureLimit.of({
        count: Effect.flatMap(Effect.zip(Source, Clock.currentTimeMillis), ([source, now]) => {
          if (source === undefined) return Effect.void
          const ours = refill(failures.network, networks.get(source.network), now)
          const all = refill(failures.all, everyone, now)
          const wait = Math.max(failures.network.every - ours.left, failures.all.every - all.left)
          const isLimited = wait > 0
          const spend = ({ every }: Allowance) => isLimited ? 0 : every
          if (!networks.has(source.network) && networks.size >= maxNetworks) {
            for (const first of networks.keys()) {
              networks.delete(first)
              break
            }
          }
          networks.set(source.network, { at: now, left: ours.left - spend(failures.network) })
          everyone = { at: now, left: all.left - spend(failures.all) }
          if (!isLimited) return Effect.void
          return new RateLimited({
            message: "Too many wrong secrets came from there.",
            retryAfter: Math.ceil(wait / 1000)
          })
        })
      })
    })
  )
}
