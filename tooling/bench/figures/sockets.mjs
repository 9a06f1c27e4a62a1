/**
 * Five thousand sockets that are held: what each costs, and how long the server takes to end with them. The first thousand
 * are not counted: they fill what a server that has just started has room for already.
 */
import { setTimeout as sleep } from "node:timers/promises"
import { atMost, pairs, within } from "../figure.mjs"
import {
  loginOf,
  makeFolder,
  ownerOf,
  removeFolder,
  sessionOf,
  startBare,
  startT3,
  withGenerator
} from "../servers.mjs"

const count = 5000
const uncounted = 1000

/** Sockets of one session. */
const perSession = 50

/** @typedef {import("../servers.mjs").Server} Server */

/** What is held, without what was left lying about. @param {Server} server */
const held = async (server) => {
  server.collect()
  await sleep(1500)
  return server.memory()
}

/**
 * @param {Server} server
 * @param {"bare" | "t3"} kind
 * @param {ReadonlyArray<string>} tokens
 * @param {boolean} follows
 */
const measure = (server, kind, tokens, follows) =>
  withGenerator(async (call) => {
    const peer = { kind, port: server.port, tokens }
    const atStart = await held(server)
    await call("hold", { count: uncounted, follows, peer })
    const before = await held(server)
    await call("hold", { count: count - uncounted, follows, peer })
    const all = (server.memory() - atStart) / count
    const each = (await held(server) - before) / (count - uncounted)
    const closed = await call("closed")
    if (closed > 0) {
      throw new Error(`${closed} of ${count} sockets were closed.`)
    }
    const stop = await server.stop()
    return { all, each, stop }
  })

/** @param {boolean} follows */
const ofBare = async (follows) => {
  const folder = makeFolder()
  const server = await startBare(folder, { collects: true })
  const measured = await measure(server, "bare", [await loginOf(server)], follows)
  removeFolder(folder)
  return measured
}

/** @param {boolean} follows */
const ofT3 = async (follows) => {
  const folder = makeFolder()
  const server = await startT3(folder, { collects: true })
  const owner = await ownerOf(server)
  const tokens = []
  for (let session = 0; session < count / perSession; session += 1) {
    tokens.push((await sessionOf(server, owner, "member")).token)
  }
  const measured = await measure(server, "t3", tokens, follows)
  removeFolder(folder)
  return measured
}

/** @type {import("../figure.mjs").Figure} */
export const sockets = {
  name: "sockets",
  run: async (rounds) => {
    const rows = [false, true].map((follows) => ({
      follows,
      each: follows
        ? pairs("  the same, each with the event stream open", "KiB")
        : pairs("memory per idle socket, 5,000 held", "KiB", atMost(8)),
      all: pairs("  the same, as it is: garbage, and room from before", "KiB"),
      stop: follows
        ? pairs("  the same, each with the event stream open", "ms", within(1000))
        : pairs("SIGTERM to exit with 5,000 sockets", "ms", within(1000))
    }))
    for (let round = 0; round < rounds; round += 1) {
      for (const { all, each, follows, stop } of rows) {
        const bare = await ofBare(follows)
        const ours = await ofT3(follows)
        each.add(ours.each, bare.each)
        all.add(ours.all, bare.all)
        stop.add(ours.stop, bare.stop)
      }
    }
    return [...rows.flatMap(({ all, each }) => [each, all]), ...rows.map(({ stop }) => stop)].map((it) => it.row())
  }
}
