import { assert, it } from "@effect/vitest"
import { Clock, Effect, Fiber } from "effect"
import { request } from "node:http"
import { grantType, withBearer } from "../../test/api.ts"
import { control, issueSession } from "../../test/control.ts"
import * as Processes from "../../test/processes.ts"
import * as raw from "../../test/raw.ts"
import { until } from "../../test/until.ts"
import { dataFolder, portOf } from "../../test/withServer.ts"

const connections = 20

/** Over each connection; 10,000 in all. */
const each = 500

/** So many at once, without waiting for an answer. */
const ahead = 50

const guesses = (count: number) => {
  const guess = (index: number) => {
    const token = String(index).padStart(12, "0")
    const body = new URLSearchParams({
      grant_type: grantType,
      subject_token: token,
      subject_token_type: "urn:t3:params:oauth:token-type:pairing-token"
    }).toString()
    return `POST /oauth/token HTTP/1.1\r\nHost: localhost\r\nContent-Length: ${body.length}\r\n` +
      `Content-Type: application/x-www-form-urlencoded\r\n\r\n${body}`
  }
  return Array.from({ length: count }, (_, index) => guess(index)).join("")
}

/** One request over a connection of its own, as a device that comes for the first time. */
const ask = (base: string, method: string, path: string, headers: object, body = "") =>
  Effect.async<{ readonly status: number; readonly text: string }>((resume) => {
    const asked = request(base + path, {
      agent: false,
      headers: { ...headers, "content-length": Buffer.byteLength(body), "content-type": "application/json" },
      method
    }, (response) => {
      let text = ""
      response.on("data", (chunk) => {
        text += String(chunk)
      })
      response.once("end", () => resume(Effect.succeed({ status: response.statusCode ?? 0, text })))
    })
    asked.once("error", (error) => resume(Effect.die(error)))
    asked.end(body)
  })

it.scopedLive(
  "14: a device pairs within a second, from the very address from which 10,000 tokens are guessed",
  () =>
    Effect.gen(function*() {
      const baseDir = yield* dataFolder
      const { first } = yield* Processes.run("serve", { baseDir, port: 0 })
      const base = (first["endpoints"] as ReadonlyArray<string>)[0] ?? ""
      const { token } = yield* issueSession(baseDir)
      const text = guesses(ahead)
      let answers = 0
      let limited = 0
      const attack = Effect.scoped(Effect.gen(function*() {
        const socket = yield* raw.open({ host: "127.0.0.1", port: portOf(base) })
        let here = 0
        socket.on("data", (chunk) => {
          const statuses = String(chunk).match(/HTTP\/1.1 \d{3}/g) ?? []
          here += statuses.length
          answers += statuses.length
          limited += statuses.filter((status) => status.endsWith("429")).length
          if (statuses.length > 0 && here % ahead === 0 && here < each) socket.write(text)
        })
        socket.write(text)
        yield* until("all guesses are answered", () => here >= each, "20 seconds")
      }))
      const attacks = yield* Effect.fork(Effect.replicateEffect(attack, connections, { concurrency: "unbounded" }))

      const took: Array<number> = []
      const isOver = () => answers >= connections * each - 100
      while (!isOver()) {
        const { body } = yield* control(baseDir, "POST", "/api/access/pairings", { role: "viewer" })
        const before = yield* Clock.currentTimeMillis
        const paired = yield* ask(base, "POST", "/api/session", {}, JSON.stringify({ token: body["token"] }))
        took.push((yield* Clock.currentTimeMillis) - before)
        assert.strictEqual(paired.status, 201)
        assert.strictEqual((yield* ask(base, "GET", "/api/session", withBearer(token))).status, 200)
      }
      yield* Fiber.join(attacks)
      assert.isAbove(took.length, 3)
      assert.isBelow(Math.max(...took), 1_000)
      assert.isAtLeast(answers, connections * each - 5)
      assert.isAtLeast(limited, connections * each - 100)

      const { body } = yield* control(baseDir, "GET", "/api/access/log?limit=200")
      const rows = body["items"] as ReadonlyArray<{ readonly event: string }>
      assert.isAtMost(rows.filter(({ event }) => event === "rate.limited" || event === "pairing.refused").length, 4)
    }),
  60_000
)
