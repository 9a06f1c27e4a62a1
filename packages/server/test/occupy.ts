/** A session that is busy in every way: sockets with streams and calls, streams over HTTP, requests. */
import Sqlite from "better-sqlite3"
import * as Effect from "effect/Effect"
import { Agent, request } from "node:http"
import { join } from "node:path"
import { withBearer } from "./api.ts"
import { connect, type Live } from "./live.ts"
import { listen, type Sse } from "./sse.ts"
import { until } from "./until.ts"

export interface Occupied {
  readonly lives: ReadonlyArray<Live>
  readonly sses: ReadonlyArray<Sse>
  /** Bytes that came over all of it. */
  readonly bytes: () => number
  /** How often requests over HTTP were answered with what they asked for, and how the others were. */
  readonly asked: { readonly done: number; readonly refused: ReadonlyArray<string> }
}

/** Makes links over this connection, one after the other, for as long as it is open. */
const callOnAndOn = (live: Live) => {
  let id = live.start("access.issuePairing", { role: "viewer" })
  live.ws.on("message", () => {
    if (live.messages.at(-1)?.requestId === id) id = live.start("access.issuePairing", { role: "viewer" })
  })
}

/** Makes links over HTTP, one after the other, until it is stopped. */
const askOnAndOn = (base: string, token: string) => {
  const agent = new Agent({ keepAlive: true })
  const refused: Array<string> = []
  let done = 0
  let bytes = 0
  let on = true
  const ask = () => {
    const asked = request(`${base}/api/access/pairings`, {
      agent,
      headers: { ...withBearer(token), "content-length": 2, "content-type": "application/json" },
      method: "POST"
    })
    asked.once("response", (response) => {
      let text = ""
      response.on("data", (chunk: Buffer) => {
        text += String(chunk)
        // That there is no session any more may be told to whoever asks.
        if (response.statusCode === 201) bytes += chunk.length
      })
      response.once("end", () => {
        if (response.statusCode !== 201) return void refused.push(text)
        done += 1
        if (on) ask()
      })
    })
    asked.on("error", () => undefined)
    asked.end("{}")
  }
  ask()
  const stop = Effect.sync(() => {
    on = false
    agent.destroy()
  })
  return {
    bytes: () => bytes,
    refused,
    stop,
    get done() {
      return done
    }
  }
}

const sum = (numbers: ReadonlyArray<number>) => numbers.reduce((a, b) => a + b, 0)

/** Opens it all, and waits until everything is under way. */
export const occupy = (base: string, token: string, counts: { readonly sockets: number; readonly streams: number }) =>
  Effect.gen(function*() {
    const lives = yield* Effect.replicateEffect(connect(base, token), counts.sockets, { concurrency: 10 })
    yield* Effect.forEach(lives, (live) => live.follow(), { concurrency: "unbounded" })
    const sses = yield* Effect.replicateEffect(listen(base, { headers: withBearer(token) }), counts.streams)
    const asking = askOnAndOn(base, token)
    yield* Effect.addFinalizer(() => asking.stop)
    lives.slice(0, 5).forEach(callOnAndOn)
    yield* until(
      "everything is under way",
      () => lives.every((live) => live.messages.length > 2) && sses.every((sse) => sse.frames.length > 2),
      "20 seconds"
    )
    return {
      bytes: () => sum(lives.map((live) => live.bytes())) + sum(sses.map((sse) => sse.bytes())) + asking.bytes(),
      lives,
      sses,
      asked: asking
    } satisfies Occupied
  })

/** What a session has done by now, as the database has it. */
export const doneBy = (baseDir: string, id: string) => {
  const database = new Sqlite(join(baseDir, "t3.db"), { readonly: true })
  try {
    const one = (query: string) => database.prepare(query).get(id) as Record<string, number | null>
    return {
      links: one("SELECT count(*) AS n FROM t3_pairings WHERE issued_by_session = ?")["n"],
      open: one("SELECT count(*) AS n FROM t3_pairings WHERE issued_by_session = ? AND state = 'open'")["n"],
      lastLink: one("SELECT max(created_at) AS at FROM t3_pairings WHERE issued_by_session = ?")["at"],
      logged: one("SELECT count(*) AS n FROM t3_access_log WHERE actor_session = ?")["n"],
      revokedAt: one("SELECT revoked_at AS at FROM t3_sessions WHERE id = ?")["at"]
    }
  } finally {
    database.close()
  }
}
