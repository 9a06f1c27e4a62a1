import { assert, it } from "@effect/vitest"
import Sqlite from "better-sqlite3"
import { Effect } from "effect"
import { join } from "node:path"
import { withBearer } from "../../test/api.ts"
import { issueSession, revokeSession } from "../../test/control.ts"
import { connect, outcome } from "../../test/live.ts"
import * as Processes from "../../test/processes.ts"
import { until } from "../../test/until.ts"
import { dataFolder } from "../../test/withServer.ts"

const rounds = 10

interface Made {
  readonly label: string
  readonly at: number
}

/** What an actor has made, by its label, as the database has it. */
const madeBy = (baseDir: string, actor: string) => {
  const database = new Sqlite(join(baseDir, "t3.db"), { readonly: true })
  const links = database.prepare("SELECT label, created_at AS at, state FROM t3_pairings WHERE issued_by_session = ?")
    .all(actor) as ReadonlyArray<Made & { readonly state: string }>
  const sessions = database.prepare(
    "SELECT device_label AS label, created_at AS at FROM t3_sessions WHERE issued_by_session = ?"
  )
    .all(actor) as ReadonlyArray<Made>
  const revokedAt = database.prepare("SELECT revoked_at FROM t3_sessions WHERE id = ?").pluck().get(actor) as number
  database.close()
  return { all: [...links, ...sessions], openLinks: links.filter(({ state }) => state === "open"), revokedAt }
}

/** What was asked for under which label, and how it was answered. */
interface Told {
  readonly done: Set<string>
  readonly refused: Set<string>
}

/** Asks over HTTP, one after the other, until it is refused. */
const overHttp = async (
  base: string,
  token: string,
  kind: "pairings" | "sessions",
  told: Told,
  index = 0
): Promise<void> => {
  const label = `http ${kind} ${index}`
  const body = kind === "pairings" ? { label, role: "viewer" } : { device: { label }, role: "viewer" }
  const response = await fetch(`${base}/api/access/${kind}`, {
    body: JSON.stringify(body),
    headers: { "content-type": "application/json", ...withBearer(token) },
    method: "POST"
  })
  await response.text()
  ;(response.ok ? told.done : told.refused).add(label)
  return response.ok ? overHttp(base, token, kind, told, index + 1) : undefined
}

it.scopedLive("what a session asks for while it is revoked is done before and told so, or is not done", () =>
  Effect.gen(function*() {
    const baseDir = yield* dataFolder
    const { first } = yield* Processes.run("serve", { baseDir, port: 0 })
    const base = (first["endpoints"] as ReadonlyArray<string>)[0] ?? ""
    for (let round = 0; round < rounds; round++) {
      const { id, token } = yield* issueSession(baseDir)
      const live = yield* connect(base, token)
      const told: Told = { done: new Set(), refused: new Set() }
      const labels = new Map<string, string>()
      const ask = (index: number) => {
        const label = `socket ${index}`
        const call = index % 2 === 0
          ? live.start("access.issuePairing", { label, role: "viewer" })
          : live.start("access.issueSession", { device: { label }, role: "viewer" })
        labels.set(call, label)
      }
      let asked = 0
      live.ws.on("message", () => ask(asked++))
      ask(asked++)
      ask(asked++)
      const asking = Effect.forEach(
        ["pairings", "sessions"] as const,
        (kind) => Effect.promise(() => overHttp(base, token, kind, told)),
        { concurrency: "unbounded" }
      )
      yield* Effect.zip(
        asking,
        Effect.zipRight(
          until("some are done", () => told.done.size > 0 && live.messages.length > round % 5),
          revokeSession(baseDir, id)
        ),
        { concurrent: true }
      )
      yield* live.closed
      for (const message of live.messages) {
        const label = labels.get(message.requestId ?? "") ?? ""
        ;(outcome(message) === "Success" ? told.done : told.refused).add(label)
      }

      const { all, openLinks, revokedAt } = madeBy(baseDir, id)
      const made = new Set(all.map(({ label }) => label))
      for (const label of told.done) assert.isTrue(made.has(label), `${label} was acknowledged and is not there`)
      for (const { at, label } of all) assert.isAtMost(at, revokedAt, label)
      assert.deepStrictEqual(openLinks, [])
      for (const label of told.refused) assert.isFalse(made.has(label), `${label} was refused and is there`)
      assert.strictEqual(told.refused.size, 2)
    }
  }))
