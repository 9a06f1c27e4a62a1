/**
 * `pnpm bench`: the budgets of the design that this version can be held to, against a bare server (`bare.mjs`) where nothing
 * else is named, in interleaved rounds. Arguments: the number of rounds (default 7), then the figures, all where none is
 * named. Build first: `npm test` or `turbo run build`.
 */
import { loadavg } from "node:os"
import { isKept } from "./figure.mjs"
import { connects } from "./figures/connects.mjs"
import { exchange } from "./figures/exchange.mjs"
import { flood } from "./figures/flood.mjs"
import { requests } from "./figures/requests.mjs"
import { revoke } from "./figures/revoke.mjs"
import { sockets } from "./figures/sockets.mjs"
import { start } from "./figures/start.mjs"

const all = [start, exchange, requests, connects, sockets, revoke, flood]
const [first = "7", ...names] = process.argv.slice(2)
const rounds = Number(first)
const unknown = names.filter((name) => all.every((figure) => figure.name !== name))
if (!Number.isInteger(rounds) || rounds < 1 || unknown.length > 0) {
  console.error(`usage: bench.mjs [rounds] [${all.map(({ name }) => name).join(" | ")}]…`)
  process.exit(2)
}

const number = (/** @type {number} */ value) => value.toFixed(value < 10 ? 2 : value < 1000 ? 1 : 0)

/** @param {import("./figure.mjs").Row} row */
const show = (row) => {
  const { budget, compared, ours, ratio, unit, what } = row
  const kept = isKept(row)
  const limit = budget === undefined ? "" : `${budget.most === undefined ? "≥" : "≤"} ${budget.most ?? budget.least}`
  const verdict = kept === undefined ? "" : kept ? "ok" : "MISSED"
  const figures = `${number(ours)} / ${number(compared)} ${unit}`
  return [
    what.padEnd(58),
    figures.padEnd(22),
    `× ${number(ratio)}`.padEnd(8),
    `${limit}${budget?.of === "ours" ? ` ${unit}` : ""}`.padEnd(9),
    verdict
  ].join(" ").trimEnd()
}

console.log(`medians of ${rounds} interleaved rounds, Node ${process.versions.node}\n`)
console.log(`${"what".padEnd(58)} ${"ours / compared".padEnd(22)} ratio    budget`)
for (const { name, run } of all) {
  if (names.length === 0 || names.includes(name)) {
    const rows = await run(rounds)
    rows.forEach((row) => console.log(show(row)))
  }
}
console.log(`\nload of the machine: ${loadavg().map((load) => load.toFixed(1)).join(" ")}`)
process.exit(0)
