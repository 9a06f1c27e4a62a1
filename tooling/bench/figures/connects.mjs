/** How many devices a second can open a live connection: with the ticket, and the upgrade by itself. */
import { atLeast, pairs } from "../figure.mjs"
import { loginOf, ownerOf, sessionOf, withBoth, withGenerator } from "../servers.mjs"

const lanes = 32
const slice = 1500
const warmUp = 4000

/** Tickets that are fetched before the clock starts; a server holds ten thousand, for thirty seconds. */
const ahead = 4000

/** @type {import("../figure.mjs").Figure} */
export const connects = {
  name: "connects",
  run: (rounds) =>
    withBoth((bare, ours) =>
      withGenerator(async (call) => {
        const whole = pairs("WebSocket connects per second: ticket, upgrade, answer", "/s", atLeast(0.25))
        const upgrade = pairs("  upgrade and answer, ticket had before", "/s")
        const alone = pairs("  upgrade alone, ticket had before", "/s")
        const processor = pairs("  processor time of ticket, upgrade and answer", "µs")
        const theirs = { kind: "bare", port: bare.port, tokens: [await loginOf(bare)] }
        const session = await sessionOf(ours, await ownerOf(ours), "member")
        const mine = { kind: "t3", port: ours.port, tokens: [session.token] }
        /** @param {object} peer @param {{ ask: boolean, ahead: number }} how */
        const rate = async (peer, { ahead, ask }, ms = slice) => {
          const { count, ms: took } = await call("connects", { ahead, ask, lanes, ms, peer })
          return count / took * 1000
        }
        const both = { ahead: 0, ask: true }
        await rate(theirs, both, warmUp)
        await rate(mine, both, warmUp)
        for (let round = 0; round < rounds; round += 1) {
          const [one, other] = [bare.processorTime(), ours.processorTime()]
          const fast = await rate(theirs, both)
          const slow = await rate(mine, both)
          whole.add(slow, fast)
          processor.add(
            (ours.processorTime() - other) / (slow * slice) * 1e9,
            (bare.processorTime() - one) / (fast * slice) * 1e9
          )
          upgrade.add(await rate(mine, { ahead, ask: true }), fast)
          alone.add(await rate(mine, { ahead, ask: false }), await rate(theirs, { ahead, ask: false }))
        }
        return [whole, upgrade, alone, processor].map((it) => it.row())
      })
    )
}
