/**
 * `pnpm bench`: the budgets of the design that this version can be held to, as ratios of medians of interleaved rounds.
 * Argument: the number of rounds (default 7). Build first: `npm test` or `turbo run build`.
 */
import { spawnSync } from "node:child_process"
import { t3, withBare, withT3 } from "./servers.mjs"

const rounds = Number(process.argv[2] ?? 7)
const exchanges = 50

/** @param {ReadonlyArray<number>} values */
const median = (values) => values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN

/** @param {Array<string>} args */
const timeNode = (...args) => {
  const started = performance.now()
  spawnSync(process.execPath, args, { stdio: "ignore" })
  return performance.now() - started
}

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

const post = async (/** @type {string} */ url, /** @type {RequestInit} */ init) => {
  const response = await fetch(url, { method: "POST", ...init })
  const text = await response.text()
  if (!response.ok) {
    throw new Error(`${url}: ${response.status} ${text}`)
  }
  return text
}

/** @param {{ address: string, memory: () => number, ready: number }} server */
const measureBare = async ({ address, memory, ready }) => {
  const resident = memory()
  const tokens = []
  for (let i = 0; i < exchanges; i += 1) {
    tokens.push(await post(`${address}/issue`, {}))
  }
  return { exchange: await each(tokens, (token) => post(`${address}/exchange`, { body: token })), ready, resident }
}

const exchangeForm = (/** @type {string} */ token) => ({
  body: new URLSearchParams({
    grant_type: "urn:ietf:params:oauth:grant-type:token-exchange",
    subject_token: token,
    subject_token_type: "urn:t3:params:oauth:token-type:pairing-token"
  })
})

/** @param {{ address: string, line: string, memory: () => number, ready: number }} server */
const measureT3 = async ({ address, line, memory, ready }) => {
  const resident = memory()
  const owner = JSON.parse(await post(`${address}/oauth/token`, exchangeForm(JSON.parse(line).pairingToken)))
  const headers = { authorization: `Bearer ${owner.access_token}`, "content-type": "application/json" }
  const tokens = []
  for (let i = 0; i < exchanges; i += 1) {
    tokens.push(JSON.parse(await post(`${address}/api/access/pairings`, { body: "{}", headers })).token)
  }
  return {
    exchange: await each(tokens, (token) => post(`${address}/oauth/token`, exchangeForm(token))),
    ready,
    resident
  }
}

/** @type {Record<string, { ours: Array<number>, bare: Array<number>, unit: string, budget: string }>} */
const rows = {
  "t3 --help, against node -e 0": { bare: [], budget: "≤ 3", ours: [], unit: "ms" },
  "t3 serve to first answer, against node -e 0": { bare: [], budget: "", ours: [], unit: "ms" },
  "t3 serve to first answer, against bare": { bare: [], budget: "≤ 3", ours: [], unit: "ms" },
  "memory after start, against bare": { bare: [], budget: "≤ 1.8", ours: [], unit: "MiB" },
  "one pairing exchange, against bare": { bare: [], budget: "≤ 3", ours: [], unit: "ms" }
}

/** @param {string} name @param {number} ours @param {number} bare */
const record = (name, ours, bare) => {
  rows[name]?.ours.push(ours)
  rows[name]?.bare.push(bare)
}

for (let round = 0; round < rounds; round += 1) {
  const node = timeNode("-e", "0")
  const bare = await withBare(measureBare)
  const ours = await withT3(measureT3)
  record("t3 --help, against node -e 0", timeNode(t3, "--help"), node)
  record("t3 serve to first answer, against node -e 0", ours.ready, node)
  record("t3 serve to first answer, against bare", ours.ready, bare.ready)
  record("memory after start, against bare", ours.resident, bare.resident)
  record("one pairing exchange, against bare", ours.exchange, bare.exchange)
}

console.log(`medians of ${rounds} interleaved rounds, Node ${process.versions.node}\n`)
for (const [name, { bare, budget, ours, unit }] of Object.entries(rows)) {
  const [mine, theirs] = [median(ours), median(bare)]
  const figures = `${mine.toFixed(1)} / ${theirs.toFixed(1)} ${unit}`
  console.log(`${name.padEnd(46)} ${figures.padEnd(22)} × ${(mine / theirs).toFixed(2).padEnd(6)} ${budget}`)
}
