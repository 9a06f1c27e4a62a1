import { assert, describe, it, layer } from "@effect/vitest"
import Sqlite from "better-sqlite3"
import { Effect } from "effect"
import { join } from "node:path"
import { exchange } from "../../test/api.ts"
import { control, issueSession, revokeSession } from "../../test/control.ts"
import { connect, type Following, type Item } from "../../test/live.ts"
import { until } from "../../test/until.ts"
import { BaseDir, baseUrl, dataFolder, layerMachine, startServer } from "../../test/withServer.ts"

interface Entry {
  readonly event: string
  readonly reason?: string
  readonly pairingId?: string
  readonly sessionId?: string
  readonly device?: { readonly label: string }
}

const entryOf = (item: Item): Entry => (item["entry"] ?? {}) as Entry

/** What is told, but for where the stream stands. */
const told = ({ items }: Following) => items.filter((item) => item._tag !== "Position")

const seqs = (items: ReadonlyArray<Item>) => items.map((item) => item.seq)

const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, index) => from + index)

const issuePairing = (baseDir: string, request: object = {}) =>
  Effect.map(control(baseDir, "POST", "/api/access/pairings", request), ({ body }) => ({
    id: (body["pairing"] as { readonly id: string }).id,
    token: String(body["token"])
  }))

/** A listener of a new session; `leave` closes its connection. */
const listen = (baseDir: string, base: string, request: object, payload: object = {}) =>
  Effect.gen(function*() {
    const session = yield* issueSession(baseDir, request)
    const live = yield* connect(base, session.token)
    return { ...session, leave: Effect.sync(() => live.ws.close()), live, ...follow(yield* live.follow(payload)) }
  })

const follow = (following: Following) => ({
  following,
  /** Waits for a decision that is told. */
  entry: (event: string, is: (entry: Entry) => boolean = () => true) =>
    Effect.map(
      following.item(event, (item) => entryOf(item).event === event && is(entryOf(item))),
      entryOf
    )
})

layer(layerMachine(), { excludeTestServices: true })("an owner who listens", (it) => {
  const owner = Effect.gen(function*() {
    return yield* listen(yield* BaseDir, yield* baseUrl, { role: "owner" })
  })

  it.scoped("is told where the stream stands, then of everything, in order and without a gap", () =>
    Effect.gen(function*() {
      const { following } = yield* owner
      const baseDir = yield* BaseDir
      const before = following.items.length
      yield* Effect.forEach(range(1, 30), () => issuePairing(baseDir), { concurrency: 10 })
      yield* until("all are told", () => following.items.length >= before + 30)
      const [first, ...rest] = following.items
      assert.deepStrictEqual([first?._tag, first?.["reload"]], ["Position", false])
      assert.deepStrictEqual(seqs(rest), range((first?.seq ?? 0) + 1, (first?.seq ?? 0) + rest.length))
      const issued = rest.map(entryOf).filter((entry) => entry.event === "pairing.issued")
      assert.strictEqual(new Set(issued.map((entry) => entry.pairingId)).size, 30)
    }))

  it.scoped("is told of a new device, and of a second use of its link, at that moment", () =>
    Effect.gen(function*() {
      const { entry } = yield* owner
      const { id, token } = yield* issuePairing(yield* BaseDir)
      yield* exchange({ device_label: "Phone", subject_token: token })
      const redeemed = yield* entry("pairing.redeemed", ({ pairingId }) => pairingId === id)
      assert.strictEqual(redeemed.device?.label, "Phone")
      yield* exchange({ device_label: "Thief", subject_token: token })
      const refused = yield* entry("pairing.refused", ({ pairingId }) => pairingId === id)
      assert.deepStrictEqual(
        [refused.reason, refused.device?.label, refused.sessionId],
        ["PairingUsed", "Phone", redeemed.sessionId]
      )
    }))

  it.scoped("is told of links and sessions that are made, renamed, revoked and over", () =>
    Effect.gen(function*() {
      const { entry } = yield* owner
      const baseDir = yield* BaseDir
      const link = yield* issuePairing(baseDir)
      const session = yield* issueSession(baseDir)
      yield* control(baseDir, "PATCH", `/api/access/sessions/${session.id}`, { label: "Renamed" })
      yield* control(baseDir, "DELETE", `/api/access/pairings/${link.id}`)
      yield* revokeSession(baseDir, session.id)
      const short = yield* issueSession(baseDir, { ttl: 1 })
      const ofSession = ({ sessionId }: Entry) => sessionId === session.id
      yield* entry("session.issued", ofSession)
      assert.strictEqual((yield* entry("session.renamed", ofSession)).device?.label, "Renamed")
      yield* entry("pairing.revoked", ({ pairingId }) => pairingId === link.id)
      yield* entry("session.revoked", ofSession)
      yield* entry("session.expired", ({ sessionId }) => sessionId === short.id)
    }))

  it.scoped("is told who comes and goes, and with how many connections", () =>
    Effect.gen(function*() {
      const { following, id: own } = yield* owner
      const base = yield* baseUrl
      const { id, token } = yield* issueSession(yield* BaseDir, { device: { label: "Tablet" } })
      const first = yield* connect(base, token)
      const second = yield* connect(base, token)
      const counts = () => following.items.filter((item) => item["sessionId"] === id).map((item) => item["connections"])
      yield* until("both are there", () => counts().length === 2)
      first.ws.close()
      second.ws.terminate()
      yield* until("both are gone", () => counts().length === 4)
      assert.deepStrictEqual(counts(), [1, 2, 1, 0])
      const device = following.items.find((item) => item["sessionId"] === id)?.["device"]
      assert.strictEqual((device as { readonly label: string }).label, "Tablet")
      assert.isFalse(following.items.some((item) => item["sessionId"] === own))
    }))

  it.scoped("who was away is told exactly what it missed", () =>
    Effect.gen(function*() {
      const baseDir = yield* BaseDir
      const base = yield* baseUrl
      const witness = yield* owner
      const { following, live, token } = yield* owner
      const last = following.items.at(-1)?.seq ?? 0
      const stream = following.items[0]?.["stream"]
      live.ws.terminate()
      for (let count = 0; count < 5; count++) yield* issuePairing(baseDir)
      const again = yield* (yield* connect(base, token)).follow({ after: { seq: last, stream } })
      yield* issuePairing(baseDir)
      yield* until("the last is told to both", () =>
        [again, witness.following].every((it) =>
          told(it).filter((item) =>
            item.seq > last && entryOf(item).event === "pairing.issued"
          ).length === 6
        ))
      assert.deepStrictEqual([again.items[0]?.seq, again.items[0]?.["reload"]], [last, false])
      const missed = told(witness.following).filter((item) => item.seq > last)
      assert.deepStrictEqual(told(again).slice(0, missed.length), missed.slice(0, told(again).length))
      assert.deepStrictEqual(seqs(told(again)), range(last + 1, last + told(again).length))
    }))

  it.scoped("and does not acknowledge is sent no more, until it does; and then all of it", () =>
    Effect.gen(function*() {
      const baseDir = yield* BaseDir
      const { live } = yield* owner
      const slow = yield* (yield* connect(yield* baseUrl, (yield* issueSession(baseDir)).token)).follow({}, "no acks")
      const chunks = () => slow.items.length
      yield* Effect.forEach(range(1, 40), () => issuePairing(baseDir), { concurrency: 10 })
      const { exit } = yield* live.call("session.whoAmI")
      assert.strictEqual(exit?._tag, "Success")
      assert.strictEqual(chunks(), 1)
      yield* until("all of it is told", () => {
        slow.ack()
        return slow.items.filter((item) => entryOf(item).event === "pairing.issued").length === 40
      })
      assert.deepStrictEqual(
        seqs(told(slow)),
        range((slow.items[0]?.seq ?? 0) + 1, (slow.items[0]?.seq ?? 0) + chunks() - 1)
      )
    }))

  it.scoped("goes on being told after a disk that did not answer", () =>
    Effect.gen(function*() {
      const baseDir = yield* BaseDir
      const { entry } = yield* owner
      const database = new Sqlite(join(baseDir, "t3.db"))
      const { id } = yield* issuePairing(baseDir)
      yield* entry("pairing.issued", ({ pairingId }) => pairingId === id)
      database.exec("ALTER TABLE t3_access_log RENAME TO t3_away")
      assert.strictEqual((yield* control(baseDir, "POST", "/api/access/pairings", {})).status, 503)
      // The server looks for changes by others once a second, and then reads.
      yield* Effect.sleep("1200 millis")
      database.exec("ALTER TABLE t3_away RENAME TO t3_access_log")
      database.close()
      const next = yield* issuePairing(baseDir)
      yield* entry("pairing.issued", ({ pairingId }) => pairingId === next.id)
    }))
})

describe("who listens", () => {
  it.scopedLive("is told what it could read, and of its own renaming", () =>
    Effect.gen(function*() {
      const baseDir = yield* dataFolder
      const { base } = yield* startServer({ baseDir })
      const listeners = {
        auditor: yield* listen(baseDir, base, { scopes: ["access:read"] }),
        viewer: yield* listen(baseDir, base, { role: "viewer" }),
        member: yield* listen(baseDir, base, { role: "member" }),
        owner: yield* listen(baseDir, base, { role: "owner" }),
        writer: yield* listen(baseDir, base, { scopes: ["access:write"] })
      }
      yield* issuePairing(baseDir)
      yield* control(baseDir, "PATCH", `/api/access/sessions/${listeners.viewer.id}`, { label: "Mine" })
      const last = yield* issuePairing(baseDir)
      for (const { entry } of [listeners.owner, listeners.auditor]) {
        yield* entry("pairing.issued", ({ pairingId }) => pairingId === last.id)
      }
      const tags = ({ following }: { readonly following: Following }) =>
        Array.from(new Set(following.items.map((item) => item._tag))).sort()
      assert.deepStrictEqual(tags(listeners.owner), ["Access", "Connection", "Position"])
      assert.deepStrictEqual(tags(listeners.auditor), ["Access", "Connection", "Position"])
      assert.deepStrictEqual(tags(listeners.member), ["Position"])
      assert.deepStrictEqual(tags(listeners.writer), ["Position"])
      assert.deepStrictEqual(told(listeners.viewer.following).map((item) => entryOf(item).event), ["session.renamed"])
    }))

  it.scopedLive("is told to reload by a server that was started anew", () =>
    Effect.gen(function*() {
      const baseDir = yield* dataFolder
      const { after, token } = yield* Effect.scoped(Effect.gen(function*() {
        const { base } = yield* startServer({ baseDir })
        const { following, token } = yield* listen(baseDir, base, {})
        const [first] = following.items
        return { after: { seq: first?.seq, stream: first?.["stream"] }, token }
      }))
      const { base } = yield* startServer({ baseDir })
      const again = yield* (yield* connect(base, token)).follow({ after })
      assert.strictEqual(again.items[0]?.["reload"], true)
      assert.notStrictEqual(again.items[0]?.["stream"], after.stream)
    }))
})
