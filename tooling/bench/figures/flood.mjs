/** What an honest device notices while somebody guesses tokens from 32 connections. */
import { atMost, pairs, quantile } from "../figure.mjs"
import { dialects } from "../peer.mjs"
import { loginOf, ownerOf, sessionOf, withBoth, withGenerator } from "../servers.mjs"

const connections = 32
const slice = 3000

/** @type {import("../figure.mjs").Figure} */
export const flood = {
  name: "flood",
  run: (rounds) =>
    withBoth((bare, ours) =>
      withGenerator((honest) =>
        withGenerator(async (attacker) => {
          const row = pairs("honest request, p99, in a flood of guesses, against quiet", "ms", atMost(5))
          const middle = pairs("  the same, p50", "ms")
          const floor = pairs("  the same of bare: what the machine does to it", "ms")
          const rate = pairs("  guesses answered per second, against those of bare", "/s")
          /** @param {"bare" | "t3"} kind @param {number} port @param {string} token */
          const measure = async (kind, port, token) => {
            const probe = () => honest("probe", { ms: slice, pause: 2, port, text: dialects[kind].session(token) })
            const quiet = await probe()
            const guesses = attacker("guesses", { connections, kind, ms: slice + 500, port })
            const loud = await probe()
            const { count, ms } = await guesses
            return { guesses: count / ms * 1000, loud, quiet }
          }
          const theirs = await loginOf(bare)
          const mine = (await sessionOf(ours, await ownerOf(ours), "member")).token
          // Warms both up.
          await measure("bare", bare.port, theirs)
          await measure("t3", ours.port, mine)
          for (let round = 0; round < rounds; round += 1) {
            const one = await measure("bare", bare.port, theirs)
            const other = await measure("t3", ours.port, mine)
            row.add(quantile(other.loud, 0.99), quantile(other.quiet, 0.99))
            middle.add(quantile(other.loud, 0.5), quantile(other.quiet, 0.5))
            floor.add(quantile(one.loud, 0.99), quantile(one.quiet, 0.99))
            rate.add(other.guesses, one.guesses)
          }
          return [row, middle, floor, rate].map((it) => it.row())
        })
      )
    )
}
