/** From a revocation to the last of a hundred sockets closed, while each receives a stream. */
import { quantile, within } from "../figure.mjs"
import { dialects } from "../peer.mjs"
import { dataOf, loginOf, ownerOf, sessionOf, t3, withBoth, withGenerator } from "../servers.mjs"
import { request } from "../wire.mjs"

const sockets = 100
const revocations = 30

/** @typedef {import("../servers.mjs").Server} Server */
/** @typedef {(name: string, job?: object) => Promise<any>} Call */

/** @param {any} round */
const checked = ({ answered, codes, last, streamed }) => {
  if (codes.join() !== "4401" || streamed < sockets) {
    throw new Error(`Not what was to be measured: codes ${codes}, ${streamed} messages of the stream.`)
  }
  return { answered, last }
}

/** @param {Call} call @param {Server} bare */
const ofBare = async (call, bare) => {
  const [owner, victim] = [await loginOf(bare), await loginOf(bare)]
  const how = { text: dialects.bare.revoke(owner, victim) }
  const peer = { kind: "bare", port: bare.port, tokens: [victim] }
  return checked(await call("revocation", { how, news: [], peer, sockets }))
}

/**
 * The stream is kept going by a session that is renamed, which every owner is told of.
 *
 * @param {Call} call
 * @param {Server} ours
 * @param {string} owner
 * @param {(id: string) => object} howOf
 */
const ofT3 = async (call, ours, owner, howOf) => {
  const victim = await sessionOf(ours, owner, "owner")
  const other = await sessionOf(ours, owner, "member")
  const texts = ["one", "two"].map((label) =>
    request("PATCH", `/api/access/sessions/${other.id}`, owner, JSON.stringify({ label }))
  )
  const peer = { kind: "t3", port: ours.port, tokens: [victim.token] }
  return checked(await call("revocation", { how: howOf(victim.id), news: texts, peer, sockets }))
}

/** @param {string} what @param {ReadonlyArray<number>} ours @param {ReadonlyArray<number>} compared @param {number} part @param {import("../figure.mjs").Budget} [budget] */
const row = (what, ours, compared, part, budget) => {
  const [mine, theirs] = [quantile(ours, part), quantile(compared, part)]
  return { compared: theirs, ours: mine, ratio: mine / theirs, unit: "ms", what, ...(budget && { budget }) }
}

/** @returns {Array<number>} */
const times = () => []

/** @type {import("../figure.mjs").Figure} */
export const revoke = {
  name: "revoke",
  run: (rounds) =>
    withBoth((bare, ours, folder) =>
      withGenerator(async (call) => {
        const owner = await ownerOf(ours)
        const [theirs, api, apiAnswer, command] = [times(), times(), times(), times()]
        for (let round = 0; round < Math.max(rounds, revocations); round += 1) {
          theirs.push((await ofBare(call, bare)).last)
          const byApi = await ofT3(call, ours, owner, (id) => ({ text: dialects.t3.revoke(owner, id) }))
          api.push(byApi.last)
          apiAnswer.push(byApi.answered)
          const words = (
            /** @type {string} */ id
          ) => [t3, "auth", "session", "revoke", id, "--base-dir", dataOf(folder)]
          const byCommand = await ofT3(call, ours, owner, (id) => ({ command: [process.execPath, ...words(id)] }))
          command.push(byCommand.last)
        }
        return [
          row("revoke to last of 100 sockets closed, p99, by the API", api, theirs, 0.99, within(20)),
          row("  the same, p50", api, theirs, 0.5),
          row("  to the answer, p99", apiAnswer, theirs, 0.99),
          row("  by t3 auth session revoke, from its start, p99", command, theirs, 0.99, within(500)),
          row("  the same, p50", command, theirs, 0.5)
        ]
      })
    )
}
