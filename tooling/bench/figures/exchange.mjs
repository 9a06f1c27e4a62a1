/** One device after the other becomes a session: what one exchange takes, with its durable write. */
import { atMost, median, pairs } from "../figure.mjs"
import { exchangeForm } from "../peer.mjs"
import { ownerOf, post, withBoth } from "../servers.mjs"

const exchanges = 50

/** Times `one` for each of `many`, after one that does not count. @template A @param {ReadonlyArray<A>} many @param {(it: A) => Promise<unknown>} one */
const each = async (many, one) => {
  const times = []
  for (const it of many) {
    const started = performance.now()
    await one(it)
    times.push(performance.now() - started)
  }
  return median(times.slice(1))
}

/** @param {import("../servers.mjs").Server} server */
const ofBare = async ({ address }) => {
  const tokens = []
  for (let i = 0; i < exchanges; i += 1) {
    tokens.push(await post(`${address}/issue`, {}))
  }
  return each(tokens, (body) => post(`${address}/exchange`, { body }))
}

/** @param {import("../servers.mjs").Server} server */
const ofT3 = async (server) => {
  const { address } = server
  const headers = { authorization: `Bearer ${await ownerOf(server)}`, "content-type": "application/json" }
  const tokens = []
  for (let i = 0; i < exchanges; i += 1) {
    tokens.push(JSON.parse(await post(`${address}/api/access/pairings`, { body: "{}", headers })).token)
  }
  return each(tokens, (token) => post(`${address}/oauth/token`, { body: new URLSearchParams(exchangeForm(token)) }))
}

/** @type {import("../figure.mjs").Figure} */
export const exchange = {
  name: "exchange",
  run: async (rounds) => {
    const once = pairs("one pairing exchange, p50", "ms", atMost(3))
    for (let round = 0; round < rounds; round += 1) {
      await withBoth(async (bare, ours) => {
        const theirs = await ofBare(bare)
        once.add(await ofT3(ours), theirs)
      })
    }
    return [once.row()]
  }
}
