/** Authenticated requests from 64 connections; and the same with a full table of sessions. */
import Sqlite from "better-sqlite3"
import { createHash, randomBytes } from "node:crypto"
import { join } from "node:path"
import { atLeast, pairs } from "../figure.mjs"
import { dialects } from "../peer.mjs"
import {
  dataOf,
  loginOf,
  makeFolder,
  ownerOf,
  removeFolder,
  sessionOf,
  startT3,
  withBoth,
  withGenerator
} from "../servers.mjs"

const connections = 64
const slice = 1500
const warmUp = 4000
const many = 100_000
const few = 10

/** @typedef {import("../servers.mjs").Server} Server */

/** @param {"bare" | "t3"} kind @param {ReadonlyArray<string>} tokens */
const lanesOf = (kind, tokens) =>
  Array.from({ length: connections }, (_, lane) => [dialects[kind].session(tokens[lane % tokens.length] ?? "")])

/**
 * Requests a second, and how many microseconds of processor time one takes.
 *
 * @param {(name: string, job?: object) => Promise<any>} call
 * @param {Server} server
 * @param {ReadonlyArray<ReadonlyArray<string>>} lanes
 */
const rate = async (call, server, lanes, ms = slice) => {
  const before = server.processorTime()
  const { count, ms: took } = await call("requests", { lanes, ms, port: server.port, status: [200] })
  return { perSecond: count / took * 1000, processor: (server.processorTime() - before) / count * 1e6 }
}

/** @param {number} rounds */
const against = (rounds) =>
  withBoth((bare, ours) =>
    withGenerator(async (call) => {
      const row = pairs("authenticated requests per second, 64 connections", "/s", atLeast(0.35))
      const processor = pairs("  the same, processor time of one", "µs")
      const theirs = lanesOf("bare", [await loginOf(bare)])
      const mine = lanesOf("t3", [(await sessionOf(ours, await ownerOf(ours), "member")).token])
      await rate(call, bare, theirs, warmUp)
      await rate(call, ours, mine, warmUp)
      for (let round = 0; round < rounds; round += 1) {
        const [one, other] = [await rate(call, bare, theirs), await rate(call, ours, mine)]
        row.add(other.perSecond, one.perSecond)
        processor.add(other.processor, one.processor)
      }
      return [row.row(), processor.row()]
    })
  )

const alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
const symbols = (/** @type {Uint8Array} */ bytes) =>
  Array.from(bytes, (byte) => alphabet[byte & 31]).join("").toLowerCase()
const sha256 = (/** @type {string} */ text) => createHash("sha256").update(text)

/** Puts so many sessions into the database of a server that does not run: their tokens. @param {string} folder @param {number} count */
const fill = (folder, count) => {
  const db = new Sqlite(join(dataOf(folder), "t3.db"))
  const insert = db.prepare(`INSERT INTO t3_sessions (id, kind, secret_hash, role, scopes, device_id, device_label,
      device_kind, issued_by, created_at, last_used_at, expires_at)
    VALUES (?, 'bearer', ?, 'member', '["environment:read","project:read","project:write"]', ?, 'bench', 'script', 'cli',
      ?, ?, ?)`)
  const now = Date.now()
  const one = (/** @type {number} */ index) => {
    const id = symbols(randomBytes(12))
    const body = `t3s_${id}${symbols(randomBytes(52))}`
    const token = body + symbols(sha256(body).digest().subarray(0, 6))
    const device = symbols(randomBytes(12))
    insert.run(id, sha256(token).digest("base64url"), device, now - index, now - index, now + 30 * 86_400_000 - index)
    return token
  }
  const tokens = db.transaction(() => Array.from({ length: count }, (_, index) => one(index)))()
  db.close()
  return tokens
}

/** Starts a server whose table has so many sessions. @param {string} folder @param {number} count */
const startFilled = async (folder, count) => {
  await (await startT3(folder)).stop()
  const tokens = fill(folder, count)
  const used = tokens.filter((_, index) => index % Math.ceil(count / connections) === 0)
  const server = await startT3(folder)
  return { lanes: lanesOf("t3", used), owner: await ownerOf(server), server }
}

/** The first page of the list, in milliseconds. @param {Server} server @param {string} owner */
const listTime = async ({ address }, owner) => {
  const started = performance.now()
  await (await fetch(`${address}/api/access/sessions`, { headers: { authorization: `Bearer ${owner}` } })).text()
  return performance.now() - started
}

/** @param {number} rounds */
const filled = async (rounds) => {
  const folders = [makeFolder(), makeFolder()]
  try {
    const small = await startFilled(folders[0] ?? "", few)
    const large = await startFilled(folders[1] ?? "", many)
    try {
      return await withGenerator(async (call) => {
        const row = pairs("the same with 100,000 sessions stored, against 10", "/s", atLeast(0.95))
        const processor = pairs("  the same, processor time of one", "µs")
        const list = pairs("  the first page of their list", "ms")
        await rate(call, small.server, small.lanes, warmUp)
        await rate(call, large.server, large.lanes, warmUp)
        for (let round = 0; round < rounds; round += 1) {
          const one = await rate(call, small.server, small.lanes)
          const other = await rate(call, large.server, large.lanes)
          row.add(other.perSecond, one.perSecond)
          processor.add(other.processor, one.processor)
          list.add(await listTime(large.server, large.owner), await listTime(small.server, small.owner))
        }
        return [row.row(), processor.row(), list.row()]
      })
    } finally {
      await Promise.all([small.server.stop(), large.server.stop()])
    }
  } finally {
    folders.forEach(removeFolder)
  }
}

/** @type {import("../figure.mjs").Figure} */
export const requests = {
  name: "requests",
  run: async (rounds) => [...await against(rounds), ...await filled(rounds)]
}
