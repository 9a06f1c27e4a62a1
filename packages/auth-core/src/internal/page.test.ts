import { assert, describe } from "@effect/vitest"
import type { Page, PageRequest } from "@t3/protocol/Page"
import { Effect, TestClock } from "effect"
import { issueLink, issueSession, refusal, startup, type Stores, test } from "../../test/Stores.ts"
import { PairingStore } from "../PairingStore.ts"
import { SessionStore } from "../SessionStore.ts"

interface Listed {
  readonly id: string
}

interface Kind {
  readonly list: (page: PageRequest) => Effect.Effect<Page<Listed>, { readonly _tag: string }, Stores>
  readonly make: Effect.Effect<string, unknown, Stores>
}

const kinds: Readonly<Record<string, Kind>> = {
  pairings: {
    list: (page) => Effect.flatMap(PairingStore, (store) => store.list(page)),
    make: Effect.map(issueLink(), ({ pairing }) => pairing.id)
  },
  sessions: {
    list: (page) => Effect.flatMap(SessionStore, (store) => store.list(page)),
    make: Effect.map(issueSession(), ({ session }) => session.id)
  }
}

/** Every page, one after the other. */
const pages = (list: Kind["list"], request: PageRequest) =>
  Effect.gen(function*() {
    const all: Array<ReadonlyArray<string>> = []
    let cursor: string | undefined
    do {
      const page = yield* list(cursor === undefined ? request : { ...request, cursor })
      all.push(page.items.map((item) => item.id))
      cursor = page.next
    } while (cursor !== undefined)
    return all
  })

for (const [name, { list, make }] of Object.entries(kinds)) {
  describe(`A list of ${name}`, () => {
    test("gives each entry once, in pages, newest first", () =>
      Effect.gen(function*() {
        const older = yield* Effect.replicateEffect(make, 4)
        yield* TestClock.adjust("1 second")
        const newer = yield* Effect.replicateEffect(make, 3)
        const all = yield* pages(list, { all: true, limit: 3 })
        assert.deepStrictEqual(all.map((page) => page.length), [3, 3, 1])
        assert.deepStrictEqual(all[0]?.toSorted(), newer.toSorted())
        assert.deepStrictEqual(all.slice(1).flat().toSorted(), older.toSorted())
      }))

    test("has no page after the last, not even an empty one", () =>
      Effect.gen(function*() {
        assert.deepStrictEqual(yield* list({ all: true, limit: 3 }), { items: [] })
        yield* Effect.replicateEffect(make, 3)
        assert.strictEqual((yield* list({ all: true, limit: 3 })).next, undefined)
      }))

    test("goes on where it was, while entries come", () =>
      Effect.gen(function*() {
        const before = yield* Effect.replicateEffect(make, 6)
        const { items, next = "" } = yield* list({ all: true, limit: 2 })
        // At the same moment, and later.
        yield* Effect.replicateEffect(make, 4)
        yield* TestClock.adjust("1 second")
        yield* Effect.replicateEffect(make, 4)
        const rest = (yield* pages((page) => list({ cursor: next, ...page }), { all: true, limit: 2 })).flat()
        const seen = [...items.map((it) => it.id), ...rest]
        assert.strictEqual(new Set(seen).size, seen.length)
        for (const id of before) assert.include(seen, id)
      }))

    test("finds entries by the beginning of their id, and by nothing else", () =>
      Effect.gen(function*() {
        const ids = yield* Effect.replicateEffect(make, 20)
        const [id = ""] = ids
        for (const length of [1, 4, 12]) {
          const prefix = id.slice(0, length)
          const found = (yield* pages(list, { all: true, limit: 2, prefix })).flat()
          assert.deepStrictEqual(found.toSorted(), ids.filter((it) => it.startsWith(prefix)).toSorted())
        }
        for (
          const prefix of ["%", "_", `%${id.slice(1)}`, `_${id.slice(1)}`, `${id}0`, "'", "' OR 1=1 --", id.slice(1)]
        ) {
          assert.deepStrictEqual((yield* list({ all: true, limit: 50, prefix })).items, [], prefix)
        }
      }))

    test("refuses a cursor that is not one of its own", () =>
      Effect.gen(function*() {
        const id = yield* make
        for (
          const cursor of [
            "",
            "x",
            id,
            `-1-${id}`,
            `1-${id}0`,
            `1-${id.toUpperCase()}%`,
            `1e3-${id}`,
            "1-",
            `${"9".repeat(17)}-${id}`,
            "\0"
          ]
        ) {
          assert.strictEqual(yield* refusal(list({ all: true, cursor, limit: 50 })), "Invalid", cursor)
        }
      }))
  })
}

describe("A list of what is live", () => {
  test("leaves out what has ended, and goes on while entries go", () =>
    Effect.gen(function*() {
      const sessions = yield* SessionStore
      const issued = yield* Effect.replicateEffect(issueSession(), 4)
      const short = yield* issueSession(startup, { ttl: 1 })
      yield* TestClock.adjust("1 second")
      const { items, next = "" } = yield* sessions.list({ all: false, limit: 2 })
      for (const { id } of items) yield* sessions.revoke(startup, id)
      const rest = yield* sessions.list({ all: false, cursor: next, limit: 50 })
      assert.deepStrictEqual(
        [...items, ...rest.items].map((it) => it.id).toSorted(),
        issued.map((it) => it.session.id).toSorted()
      )
      const all = yield* sessions.list({ all: true, limit: 50 })
      assert.deepStrictEqual(all.items.map((it) => it.state).toSorted(), [
        "expired",
        "live",
        "live",
        "revoked",
        "revoked"
      ])
      assert.strictEqual(all.items.find((it) => it.state === "expired")?.id, short.session.id)
    }))
})
