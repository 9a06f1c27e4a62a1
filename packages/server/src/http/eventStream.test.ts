import { assert, describe, it, layer } from "@effect/vitest"
import { Effect, Exit, Scope } from "effect"
import { bearer, pairBrowser, pairingToken, withBearer, withHalves } from "../../test/api.ts"
import { connections } from "../../test/control.ts"
import { listen, type Sse } from "../../test/sse.ts"
import { until, untilEffect } from "../../test/until.ts"
import { BaseDir, baseUrl, dataFolder, layerMachine, startServer } from "../../test/withServer.ts"
import * as DataDirectory from "../DataDirectory.ts"
import { securityHeaders } from "./securityHeaders.ts"

/** A listener with these headers beside its credential. */
const follow = (headers: Record<string, string> = {}, path = "/api/events") =>
  Effect.gen(function*() {
    return yield* listen(yield* baseUrl, { headers: { ...withBearer(yield* bearer()), ...headers }, path })
  })

/** Where it begins, once it has said so: `<seq> <reload>`. */
const beginning = (sse: Sse) =>
  Effect.map(sse.item("the stream says where it stands", () => true), ({ item }) => ({
    at: `${item.seq} ${String(item["reload"])}`,
    seq: item.seq,
    stream: String(item["stream"])
  }))

const issue = (count: number) => Effect.replicateEffect(pairingToken("viewer"), count)

layer(layerMachine(), { excludeTestServices: true })("the events over HTTP", (it) => {
  it.scoped("are a stream that nothing keeps or holds back, with the headers of every answer", () =>
    Effect.gen(function*() {
      const { response } = yield* follow()
      assert.strictEqual(response.statusCode, 200)
      assert.strictEqual(response.headers["content-type"], "text/event-stream")
      assert.strictEqual(response.headers["x-accel-buffering"], "no")
      assert.isUndefined(response.headers["content-length"])
      for (const [name, value] of Object.entries(securityHeaders)) {
        assert.strictEqual(response.headers[name], value, name)
      }
    }))

  it.scoped("begin with where the stream stands, and are numbered by stream and number", () =>
    Effect.gen(function*() {
      const sse = yield* follow()
      const { at, seq, stream } = yield* beginning(sse)
      yield* issue(20)
      yield* until("all are told", () => sse.frames.filter(({ event }) => event === "Access").length >= 20)
      assert.strictEqual(at, `${seq} false`)
      sse.frames.forEach(({ event, id, item }, index) => {
        assert.strictEqual(id, `${stream}:${seq + index}`)
        assert.deepStrictEqual([event, item.seq], [item._tag, seq + index])
      })
    }))

  it.scoped("go on after the last that was seen, as a browser asks when it comes again", () =>
    Effect.gen(function*() {
      const first = yield* follow()
      const { seq, stream } = yield* beginning(first)
      first.leave()
      yield* issue(3)
      const ways: ReadonlyArray<[Record<string, string>, string]> = [
        [{ "last-event-id": `${stream}:${seq}` }, ""],
        [{}, `?stream=${stream}&after=${seq}`],
        // The header is of the last connection, the address of the first.
        [{ "last-event-id": `${stream}:${seq}` }, `?stream=${stream}&after=0`]
      ]
      for (const [headers, query] of ways) {
        const again = yield* follow(headers, `/api/events${query}`)
        assert.strictEqual((yield* beginning(again)).at, `${seq} false`)
        const issued = () => again.frames.filter(({ item }) => JSON.stringify(item).includes("pairing.issued"))
        yield* until("what was missed is told", () => issued().length === 3)
        assert.deepStrictEqual(again.frames.map(({ item }) => item.seq), again.frames.map((_, index) => seq + index))
      }
    }))

  it.scoped("say to reload for a place that is none of theirs", () =>
    Effect.gen(function*() {
      const { stream } = yield* beginning(yield* follow())
      const other = stream === "0".repeat(12) ? "1".repeat(12) : "0".repeat(12)
      for (const place of [`${other}:1`, `${stream}:1000000`]) {
        assert.match((yield* beginning(yield* follow({ "last-event-id": place }))).at, / true$/, place)
      }
    }))

  it.scoped("say to reload where the place cannot be read", () =>
    Effect.gen(function*() {
      const { stream } = yield* beginning(yield* follow())
      for (
        const place of ["x", "1", ":", `${stream}:`, `${stream}:x`, `${stream}:-1`, `${stream}:1.5`, `${stream}:1:1`]
      ) {
        assert.match((yield* beginning(yield* follow({ "last-event-id": place }))).at, / true$/, place)
      }
      assert.match((yield* beginning(yield* follow({ "last-event-id": "" }))).at, / false$/)
      const half = yield* follow({}, "/api/events?after=1")
      assert.match((yield* beginning(half)).at, / true$/)
      for (const query of ["?stream=x&after=1", `?stream=${stream}&after=-1`, `?stream=${stream}&after=x`]) {
        assert.strictEqual((yield* follow({}, `/api/events${query}`)).response.statusCode, 400, query)
      }
    }))

  it.scoped("are for every session, of a browser too, and take no Accept", () =>
    Effect.gen(function*() {
      const base = yield* baseUrl
      const viewer = yield* listen(base, { headers: withBearer(yield* bearer("environment:read")) })
      const browser = yield* listen(base, { headers: withHalves((yield* pairBrowser()).browser) })
      for (const sse of [viewer, browser]) yield* beginning(sse)
      yield* issue(1)
      yield* browser.item("the browser, an owner's, is told", ({ _tag }) => _tag === "Access")
      assert.deepStrictEqual(viewer.frames.map(({ event }) => event), ["Position"])
      assert.strictEqual((yield* listen(base)).response.statusCode, 401)
    }))

  it.scoped("have a beat", () =>
    Effect.gen(function*() {
      const sse = yield* follow()
      yield* until("there is a comment", () => /^: .+\n\n/m.test(sse.text()))
    }))

  it.scoped("count as a connection for as long as they are listened to", () =>
    Effect.gen(function*() {
      const baseDir = yield* BaseDir
      const here = (count: number) =>
        untilEffect(`${count} are connected`, Effect.map(connections(baseDir), (it) => it === count))
      yield* here(0)
      const all = yield* Effect.replicateEffect(follow(), 5)
      yield* here(5)
      for (const sse of all) sse.leave()
      yield* here(0)
    }))
})

describe("the events over the control socket", () => {
  it.scopedLive("are all of them, until the server ends", () =>
    Effect.gen(function*() {
      const baseDir = yield* dataFolder
      const socketPath = DataDirectory.at(baseDir).socket
      const scope = yield* Scope.make()
      const { access, base } = yield* Scope.extend(startServer({ baseDir }), scope)
      const sse = yield* listen(base, { host: null, hostname: null, port: null, socketPath })
      yield* beginning(sse)
      yield* access.issuePairing({ label: "", role: "viewer", ttl: 60 })
      yield* sse.item("an event is told", ({ _tag }) => _tag === "Access")
      yield* Scope.close(scope, Exit.void)
      yield* until("it is over", () => sse.end() !== "open")
      assert.deepStrictEqual([sse.frames.at(-1)?.event, sse.end()], ["Stopping", "ended"])
    }))
})
