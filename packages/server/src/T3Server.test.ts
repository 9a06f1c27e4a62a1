import { assert, describe, it } from "@effect/vitest"
import { Access } from "@t3/auth-core/Access"
import { Clock, Effect, Layer, Redacted } from "effect"
import * as fs from "node:fs"
import { join } from "node:path"
import * as Processes from "../test/processes.ts"
import * as raw from "../test/raw.ts"
import { dataFolder, portOf, startServer, statusOf, temporaryFolder } from "../test/withServer.ts"
import * as DataDirectory from "./DataDirectory.ts"
import { layerAccess } from "./LocalStores.ts"

describe("a server", () => {
  it.scopedLive("tells anyone no more than its id", () =>
    Effect.gen(function*() {
      const { base, environment } = yield* startServer({ baseDir: yield* dataFolder, label: "secret-project" })
      const answer = yield* Effect.promise(() => fetch(`${base}/.well-known/t3/environment`).then((it) => it.json()))
      assert.deepStrictEqual(answer, {
        authMethods: ["pairing-token"],
        environmentId: environment.id,
        protocolVersion: 1
      })
    }))

  it.scopedLive("keeps its id, its name and its sessions when it starts again", () =>
    Effect.gen(function*() {
      const baseDir = yield* dataFolder
      const first = yield* Effect.scoped(Effect.gen(function*() {
        const { access, environment } = yield* startServer({ baseDir, label: "one" })
        return { environment, ...(yield* access.issueSession({ device: {}, role: "owner" })) }
      }))
      const token = Redacted.value(first.token)
      yield* Effect.scoped(Effect.gen(function*() {
        const { base, environment } = yield* startServer({ baseDir })
        assert.deepStrictEqual(environment, first.environment)
        assert.strictEqual(yield* statusOf(base, token), 200)
      }))
      const renamed = { id: first.environment.id, label: "two" }
      yield* Effect.scoped(Effect.gen(function*() {
        const { access, base, environment } = yield* startServer({ baseDir, label: " t\u001b[31mwo " })
        assert.deepStrictEqual(environment, renamed)
        yield* access.revokeSession(first.session.id)
        assert.strictEqual(yield* statusOf(base, token), 401)
      }))
      const last = yield* startServer({ baseDir, label: " " })
      assert.deepStrictEqual(last.environment, renamed)
      assert.strictEqual(yield* statusOf(last.base, token), 401)
    }))

  it.scopedLive("11: does not bring a revoked session back, however it ended", () =>
    Effect.gen(function*() {
      const baseDir = yield* dataFolder
      const killed = yield* Processes.run("serve", { baseDir, port: 0 })
      const [base] = killed.first["endpoints"] as ReadonlyArray<string>
      const body = new URLSearchParams({
        grant_type: "urn:ietf:params:oauth:grant-type:token-exchange",
        subject_token: String(killed.first["token"]),
        subject_token_type: "urn:t3:params:oauth:token-type:pairing-token"
      })
      const paired = yield* Effect.promise(() =>
        fetch(`${base}/oauth/token`, { body, method: "POST" }).then((it) =>
          it.json() as Promise<Record<string, string>>
        )
      )
      const token = String(paired["access_token"])
      const { socket } = DataDirectory.at(baseDir)
      const answer = yield* raw.send(
        { path: socket },
        `DELETE /api/access/sessions/${paired["session_id"]} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`
      )
      assert.include(answer, "HTTP/1.1 200")
      yield* killed.kill("SIGKILL")
      const again = yield* startServer({ baseDir })
      assert.strictEqual(yield* statusOf(again.base, token), 401)
      assert.strictEqual(again.environment.id, (killed.first["environment"] as Record<string, string>)["id"])
    }))

  it.scopedLive("8: keeps no secret in its folder", () =>
    Effect.gen(function*() {
      const baseDir = yield* dataFolder
      const { access } = yield* startServer({ baseDir })
      const pairing = Redacted.value((yield* access.issuePairing({ label: "", role: "owner", ttl: 60 })).token)
      const session = Redacted.value((yield* access.issueSession({ device: {}, role: "owner" })).token)
      const files = fs.readdirSync(baseDir).filter((name) => fs.statSync(join(baseDir, name)).isFile())
      const all = files.map((name) => fs.readFileSync(join(baseDir, name), "latin1")).join("")
      assert.include(all, "t3_sessions")
      for (const secret of [pairing, session.slice(16), session.slice(4, 40)]) assert.notInclude(all, secret)
      for (const name of files) assert.strictEqual(fs.statSync(join(baseDir, name)).mode & 0o777, 0o600, name)
    }))

  it.scopedLive("7: is the only one in its folder; a second is told at once who runs there", () =>
    Effect.gen(function*() {
      const baseDir = yield* dataFolder
      const first = yield* Processes.run("serve", { baseDir, port: 0 })
      const before = yield* Clock.currentTimeMillis
      const error = yield* Effect.flip(Effect.scoped(startServer({ baseDir })))
      assert.isBelow((yield* Clock.currentTimeMillis) - before, 2_000)
      assert.strictEqual(error._tag, "DirectoryHeld")
      assert.include(error.message, `A T3 server (pid ${first.pid}`)
      const held = yield* Effect.flip(
        Effect.scoped(Layer.build(layerAccess(DataDirectory.at(baseDir), { kind: "cli" })))
      )
      assert.strictEqual(held._tag, "DirectoryHeld")
    }))

  it.scopedLive("7: waits for a command that is at work in its folder", () =>
    Effect.gen(function*() {
      const baseDir = yield* dataFolder
      yield* Processes.run("hold", { baseDir, kind: "command", millis: 800 })
      yield* startServer({ baseDir })
    }))

  it.scopedLive("sees what a command did in its folder before", () =>
    Effect.gen(function*() {
      const baseDir = yield* dataFolder
      const directory = yield* DataDirectory.prepare(baseDir)
      const issued = yield* Effect.provide(
        Effect.flatMap(Access, (access) => access.issueSession({ device: { label: "script" }, role: "viewer" })),
        layerAccess(directory, { kind: "cli" })
      )
      const { access, base } = yield* startServer({ baseDir })
      assert.strictEqual(yield* statusOf(base, Redacted.value(issued.token)), 200)
      const { items } = yield* access.listSessions({ all: false, limit: 10 })
      assert.deepStrictEqual(items.map(({ device, issuedBy }) => [device.label, issuedBy]), [["script", {
        kind: "cli"
      }]])
    }))

  it.scopedLive("makes the folder that it is given a project, once", () =>
    Effect.gen(function*() {
      const cwd = yield* temporaryFolder
      const baseDir = yield* dataFolder
      yield* Effect.scoped(startServer({ baseDir, cwd }))
      fs.symlinkSync(cwd, `${cwd}-link`)
      yield* Effect.addFinalizer(() => Effect.sync(() => fs.rmSync(`${cwd}-link`)))
      yield* Effect.scoped(startServer({ baseDir, cwd: `${cwd}-link` }))
      const { default: Sqlite } = yield* Effect.promise(() => import("better-sqlite3"))
      const db = new Sqlite(join(baseDir, "t3.db"), { readonly: true })
      assert.deepStrictEqual(db.prepare("SELECT path FROM t3_projects").pluck().all(), [cwd])
      db.close()
    }))
})

describe("the addresses of a server", () => {
  it.scopedLive("are those that are bound, on one port", () =>
    Effect.gen(function*() {
      const { endpoints } = yield* startServer({ baseDir: yield* dataFolder, hosts: ["127.0.0.2", "127.1"] })
      const port = portOf(endpoints[0] ?? "")
      assert.deepStrictEqual(endpoints, [`http://127.0.0.2:${port}`, `http://127.0.0.1:${port}`])
      for (const base of endpoints) {
        assert.strictEqual(yield* Effect.promise(() => fetch(`${base}/health`).then(({ status }) => status)), 200)
      }
    }))

  it.scopedLive("1: 2: lead to it, first of all, where it listens on every interface", () =>
    Effect.gen(function*() {
      const { endpoints } = yield* startServer({ baseDir: yield* dataFolder, hosts: ["0.0.0.0"] })
      assert.notInclude(endpoints.join(" "), "localhost")
      assert.notInclude(endpoints.join(" "), "0.0.0.0")
      assert.include(endpoints.at(-1) ?? "", "http://127.0.0.1:")
      for (const base of endpoints) {
        assert.strictEqual(yield* Effect.promise(() => fetch(`${base}/health`).then(({ status }) => status)), 200, base)
      }
    }))

  it.scopedLive("begin with the names that are to be told, under which it answers", () =>
    Effect.gen(function*() {
      const { endpoints } = yield* startServer({
        advertiseHosts: ["Box.Example", "127.0.0.1"],
        baseDir: yield* dataFolder,
        hosts: ["127.0.0.1"]
      })
      const port = portOf(endpoints[0] ?? "")
      assert.deepStrictEqual(endpoints, [`http://box.example:${port}`, `http://127.0.0.1:${port}`])
      const asked = (host: string) =>
        raw.send({ host: "127.0.0.1", port }, `GET /health HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`)
      assert.include(yield* asked(`box.example:${port}`), "HTTP/1.1 200")
      assert.include(yield* asked("box.example"), "HTTP/1.1 421")
      assert.include(yield* asked(`other.example:${port}`), "HTTP/1.1 421")
    }))
})

describe("the example of the README", () => {
  it.scopedLive("runs", () =>
    Effect.gen(function*() {
      const example = yield* Processes.runExample(yield* dataFolder)
      const base = /^my host is at (http:\/\/127\.0\.0\.1:\d+)$/.exec(example.line)?.[1] ?? example.line
      assert.strictEqual(yield* Effect.promise(() => fetch(`${base}/health`).then(({ status }) => status)), 200)
    }))
})
