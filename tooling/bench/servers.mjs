/** The two servers under measurement, and the generators of load, as processes of their own. */
import { fork, spawn } from "node:child_process"
import { once } from "node:events"
import { mkdtempSync, readFileSync, rmSync } from "node:fs"
import { createRequire } from "node:module"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { createInterface } from "node:readline"
import { fileURLToPath } from "node:url"
import { exchangeForm } from "./peer.mjs"

/** The built program. */
export const t3 = join(dirname(createRequire(import.meta.url).resolve("t3/package.json")), "dist/t3.js")

const bare = fileURLToPath(new URL("bare.mjs", import.meta.url))
const generator = fileURLToPath(new URL("generator.mjs", import.meta.url))

/** Makes memory comparable: collects what is garbage when the server is told to. */
const collecting = ["--expose-gc", "--import", new URL("collect.mjs", import.meta.url).href]

/** Resident memory of a process in KiB, from /proc. @param {number} pid */
const resident = (pid) => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1])

/** Seconds of processor time that a process has had, from /proc: fields 14 and 15, in ticks of 10 ms. @param {number} pid */
const processorTime = (pid) => {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").replace(/^.*\) /s, "").split(" ")
  return (Number(fields[11]) + Number(fields[12])) / 100
}

/** The last act of whatever was not ended. @type {Set<import("node:child_process").ChildProcess>} */
const running = new Set()
process.on("exit", () => running.forEach((child) => child.kill("SIGKILL")))
for (const signal of /** @type {const} */ (["SIGINT", "SIGTERM"])) {
  process.once(signal, () => process.exit(130))
}

/** A folder for one server. */
export const makeFolder = () => mkdtempSync(join(tmpdir(), "t3-bench-"))

/** @param {string} folder */
export const removeFolder = (folder) => rmSync(folder, { force: true, recursive: true })

/**
 * Starts a program and waits for its first line and its first answer.
 *
 * @param {Array<string>} args
 * @param {(line: string) => string} addressOf
 */
const start = async (args, addressOf) => {
  const started = performance.now()
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "pipe"] })
  running.add(child)
  let said = ""
  child.stderr.setEncoding("utf8").on("data", (text) => said += text)
  const ended = once(child, "close")
  const [line = ""] = await Promise.race([once(createInterface(child.stdout), "line"), ended.then(() => [])])
  if (line === "") {
    throw new Error(`${args.join(" ")} ended before it was ready.\n${said}`)
  }
  const address = addressOf(line)
  await (await fetch(`${address}/health`)).text()
  const ready = performance.now() - started
  const pid = child.pid ?? 0
  return {
    address,
    line,
    port: Number(new URL(address).port),
    /** Milliseconds to the first answer. */
    ready,
    /** Resident memory in KiB. */
    memory: () => resident(pid),
    /** Asks a server that was started so to collect its garbage. */
    collect: () => process.kill(pid, "SIGUSR2"),
    processorTime: () => processorTime(pid),
    /** Ends it as a service manager does: how many milliseconds that took. */
    stop: async () => {
      const asked = performance.now()
      child.kill("SIGTERM")
      await ended
      running.delete(child)
      return performance.now() - asked
    }
  }
}

/** @typedef {Awaited<ReturnType<typeof start>>} Server */

/** @param {string} folder @param {{ collects?: boolean }} [options] */
export const startBare = (folder, { collects = false } = {}) =>
  start(
    [...(collects ? collecting : []), bare, join(folder, "bare.db")],
    (line) => `http://127.0.0.1:${JSON.parse(line).port}`
  )

/** The data directory of a T3 server. @param {string} folder */
export const dataOf = (folder) => join(folder, "data")

/** @param {string} folder @param {{ collects?: boolean }} [options] */
export const startT3 = (folder, { collects = false } = {}) =>
  start(
    [...(collects ? collecting : []), t3, "serve", "--json", "--port", "0", "--base-dir", dataOf(folder)],
    (line) => JSON.parse(line).connectionString
  )

/** @param {string} url @param {RequestInit} init */
export const post = async (url, init) => {
  const response = await fetch(url, { method: "POST", ...init })
  const text = await response.text()
  if (!response.ok) {
    throw new Error(`${url}: ${response.status} ${text}`)
  }
  return text
}

/** Spends the token that the server printed: the bearer token of an owner. @param {Server} server @returns {Promise<string>} */
export const ownerOf = async ({ address, line }) =>
  JSON.parse(
    await post(`${address}/oauth/token`, { body: new URLSearchParams(exchangeForm(JSON.parse(line).pairingToken)) })
  ).access_token

/** @param {Server} server @param {string} owner @param {"owner" | "member"} role @returns {Promise<{ id: string, token: string }>} */
export const sessionOf = async ({ address }, owner, role) => {
  const issued = JSON.parse(
    await post(`${address}/api/access/sessions`, {
      body: JSON.stringify({ role }),
      headers: { authorization: `Bearer ${owner}`, "content-type": "application/json" }
    })
  )
  return { id: issued.session.id, token: issued.token }
}

/** The token of a session of the other. @param {Server} server */
export const loginOf = ({ address }) => post(`${address}/login`, {})

/**
 * Both servers, side by side, for as long as `use` takes.
 *
 * @template A
 * @param {(bare: Server, ours: Server, folder: string) => Promise<A>} use
 * @param {{ collects?: boolean }} [options]
 */
export const withBoth = async (use, options) => {
  const [one, other] = [makeFolder(), makeFolder()]
  const bare = await startBare(one, options)
  const ours = await startT3(other, options)
  try {
    return await use(bare, ours, other)
  } finally {
    await Promise.all([bare.stop(), ours.stop()])
    removeFolder(one)
    removeFolder(other)
  }
}

/**
 * A process that makes load.
 *
 * @template A
 * @param {(call: (name: string, job?: object) => Promise<any>) => Promise<A>} use
 */
export const withGenerator = async (use) => {
  const child = fork(generator)
  running.add(child)
  let ids = 0
  const call = (/** @type {string} */ name, job = {}) => {
    const id = ids++
    child.send({ id, job, name })
    return new Promise((resolve, reject) => {
      const take = (/** @type {any} */ message) => {
        if (message.id !== id) {
          return
        }
        child.off("message", take)
        if (message.error === undefined) {
          resolve(message.result)
        } else {
          reject(new Error(`${name}: ${message.error}`))
        }
      }
      child.on("message", take)
    })
  }
  try {
    return await use(call)
  } finally {
    const ended = once(child, "exit")
    child.disconnect()
    await ended
    running.delete(child)
  }
}
