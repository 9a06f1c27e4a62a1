import { assert, describe, it, layer } from "@effect/vitest"
import { Effect, Redacted } from "effect"
import { request } from "node:http"
import { bearer, call, callJson, exchange, pairBrowser, pairingToken, withBearer, withHalves } from "../../test/api.ts"
import { control } from "../../test/control.ts"
import { refusal } from "../../test/handshake.ts"
import { BaseDir, baseUrl, dataFolder, layerMachine, portOf, startServer } from "../../test/withServer.ts"
import { T3Server } from "../T3Server.ts"

/** Wrong secrets that one address may present at once. */
const burst = 20

const unknown = "0000-0000-0000"

/** Well-formed, and on no file. */
const secrets = {
  bearer: "t3s_000000000000" + "0".repeat(52) + "000000",
  ticket: `t3w_${"0".repeat(52)}`
}

interface Refused {
  readonly status: number
  readonly tag: unknown
  readonly retryAfter: unknown
  readonly header: string | null | undefined
}

const over = ({ header, retryAfter, status, tag }: Refused) => {
  assert.deepStrictEqual([status, tag], [429, "RateLimited"])
  assert.isNumber(retryAfter)
  assert.isAtLeast(retryAfter as number, 1)
  assert.strictEqual(header, String(retryAfter))
}

const read = Effect.map(({ body, headers, status }: Effect.Effect.Success<ReturnType<typeof call>>): Refused => ({
  header: headers.get("retry-after"),
  retryAfter: body["retryAfter"],
  status,
  tag: body["_tag"]
}))

/** One wrong secret, in every way that takes one; and how it is refused otherwise. */
const ways = {
  "a pairing token": [read(exchange({ subject_token: unknown })), "400 PairingUnknown"],
  "a pairing token of a browser": [read(callJson("POST", "/api/session", { token: unknown })), "400 PairingUnknown"],
  "a bearer token": [read(call("/api/session", { headers: withBearer(secrets.bearer) })), "401 Unauthenticated"],
  "a text that is no token": [read(call("/api/session", { headers: withBearer("guess") })), "401 Unauthenticated"],
  "the halves of a browser": [
    Effect.flatMap(T3Server, ({ environment }) =>
      read(call("/api/session", {
        headers: withHalves({
          cookie: `t3_${environment.id}_http=${secrets.bearer.replace("t3s", "t3c")}`,
          storage: secrets.bearer.replace("t3s", "t3b")
        })
      }))),
    "401 Unauthenticated"
  ],
  "a token to revoke": [
    read(call("/oauth/revoke", { body: new URLSearchParams({ token: secrets.bearer }), method: "POST" })),
    "200 undefined"
  ],
  "a ticket": [
    Effect.gen(function*() {
      const { headers, status, text } = yield* refusal(portOf(yield* baseUrl), secrets.ticket)
      const body = JSON.parse(text) as Record<string, unknown>
      return { header: headers.get("retry-after"), retryAfter: body["retryAfter"], status, tag: body["_tag"] }
    }),
    "401 Unauthenticated"
  ]
} satisfies Record<string, [Effect.Effect<Refused, unknown, T3Server>, string]>

/** The first that is refused for what came before it; on a slow machine some are forgiven on the way. */
const limited = <E, R>(guess: Effect.Effect<Refused, E, R>) =>
  Effect.map(
    Effect.repeat(guess, { times: 2 * burst, until: ({ status }) => status === 429 }),
    (refused) => {
      over(refused)
      return refused
    }
  )

const exhaust = limited(read(exchange({ subject_token: unknown })))

describe("14: wrong secrets from one address", () => {
  for (const [name, [guess, otherwise]] of Object.entries(ways)) {
    it.scopedLive(`are refused as too many after some, when each is ${name}`, () =>
      Effect.gen(function*() {
        const first = yield* Effect.replicateEffect(guess, burst)
        for (const { status, tag } of first) assert.strictEqual(`${status} ${String(tag)}`, otherwise)
        yield* limited(guess)
      }).pipe(Effect.provide(layerMachine())))
  }

  it.scopedLive("count together, whatever they are", () =>
    Effect.gen(function*() {
      yield* exhaust
      for (const [guess] of Object.values(ways)) yield* limited(guess)
    }).pipe(Effect.provide(layerMachine())))

  it.scopedLive("are that address's, whatever a header says", () =>
    Effect.gen(function*() {
      const answers = yield* Effect.forEach(Array.from({ length: 2 * burst }, (_, index) => index), (index) =>
        exchange({ subject_token: unknown }, {
          forwarded: `for=192.0.2.${index}`,
          "x-forwarded-for": `192.0.2.${index}`,
          "x-real-ip": `192.0.2.${index}`
        }))
      assert.isFalse(
        answers.slice(0, burst).some(({ status }) =>
          status === 429
        )
      )
      assert.isTrue(answers.some(({ status }) => status === 429))
      const { body } = yield* control(yield* BaseDir, "GET", "/api/access/log")
      assert.notInclude(JSON.stringify(body), "192.0.2.")
      assert.include(JSON.stringify(body), "\"127.0.0.1\"")
    }).pipe(Effect.provide(layerMachine())))

  it.scopedLive("leave one line for each minute, with how many there were", () =>
    Effect.gen(function*() {
      const baseDir = yield* dataFolder
      yield* Effect.scoped(Effect.gen(function*() {
        const { base } = yield* startServer({ baseDir })
        const body = JSON.stringify({ token: unknown })
        const guess = Effect.promise(() =>
          fetch(`${base}/api/session`, { body, headers: { "content-type": "application/json" }, method: "POST" })
        )
        yield* Effect.replicateEffect(guess, 50)
      }))
      yield* startServer({ baseDir })
      const { body } = yield* control(baseDir, "GET", "/api/access/log?limit=200")
      const rows = body["items"] as ReadonlyArray<{ event: string; reason: string; address: string; count: number }>
      const of = (reason: string) => rows.filter((row) => row.reason === reason && row.address === "127.0.0.1")
      const sum = (all: typeof rows) => all.reduce((total, { count }) => total + count, 0)
      assert.strictEqual(sum(of("PairingUnknown")) + sum(of("RateLimited")), 50)
      assert.isAtLeast(sum(of("PairingUnknown")), burst)
      assert.isAtLeast(sum(of("RateLimited")), burst)
      assert.deepStrictEqual(of("RateLimited").map(({ event }) => event), ["rate.limited", "rate.limited"])
      assert.lengthOf(of("PairingUnknown"), 2)
    }))
})

layer(layerMachine(), { excludeTestServices: true })("14: while its address is over the limit", (it) => {
  it.effect("a device with a right secret notices nothing", () =>
    Effect.gen(function*() {
      const token = yield* bearer()
      yield* exhaust
      assert.strictEqual((yield* call("/api/session", { headers: withBearer(token) })).status, 200)
      assert.strictEqual((yield* exchange({ subject_token: yield* pairingToken() })).status, 200)
      const { answer, browser } = yield* pairBrowser()
      assert.strictEqual(answer.status, 201)
      assert.strictEqual((yield* call("/api/session", { headers: withHalves(browser) })).status, 200)
    }))

  it.effect("a secret that is on file and has ended is told why", () =>
    Effect.gen(function*() {
      const { access } = yield* T3Server
      const used = yield* pairingToken()
      yield* exchange({ subject_token: used })
      const revoked = yield* access.issuePairing({ label: "", role: "viewer", ttl: 60 })
      yield* access.revokePairing(revoked.pairing.id)
      const short = yield* access.issuePairing({ label: "", role: "viewer", ttl: 1 })
      const signedOut = yield* bearer()
      yield* call("/api/session", { headers: withBearer(signedOut), method: "DELETE" })
      yield* exhaust
      yield* Effect.sleep("1 second")
      const reasonOf = (token: string) => Effect.map(exchange({ subject_token: token }), ({ body }) => body["_tag"])
      assert.strictEqual(yield* reasonOf(used), "PairingUsed")
      assert.strictEqual(yield* reasonOf(Redacted.value(revoked.token)), "PairingRevoked")
      assert.strictEqual(yield* reasonOf(Redacted.value(short.token)), "PairingExpired")
      const session = yield* call("/api/session", { headers: withBearer(signedOut) })
      assert.strictEqual(session.body["_tag"], "SessionRevoked")
    }))

  it.effect("another address has all of its own", () =>
    Effect.gen(function*() {
      yield* exhaust
      const { hostname, port } = new URL(yield* baseUrl)
      const ask = (localAddress: string) =>
        Effect.async<number>((resume) => {
          const options = {
            agent: false,
            headers: withBearer("guess"),
            hostname,
            localAddress,
            path: "/api/session",
            port
          }
          request(options, (response) => resume(Effect.succeed(response.resume().statusCode ?? 0))).end()
        })
      assert.strictEqual(yield* ask("127.0.0.2"), 401)
      assert.strictEqual(yield* Effect.repeat(ask("127.0.0.1"), { times: 3, until: (it) => it === 429 }), 429)
    }))

  it.effect("the machine itself is not limited", () =>
    Effect.gen(function*() {
      yield* exhaust
      const baseDir = yield* BaseDir
      const guess = control(baseDir, "POST", "/api/session", { token: unknown })
      const answers = yield* Effect.replicateEffect(guess, 2 * burst)
      assert.deepStrictEqual(new Set(answers.map(({ body }) => body["_tag"])), new Set(["PairingUnknown"]))
    }))

  it.effect("it may try again when it was told to", () =>
    Effect.gen(function*() {
      const { retryAfter } = yield* exhaust
      assert.isAtMost(retryAfter as number, 2)
      yield* Effect.sleep(`${retryAfter as number} seconds`)
      assert.strictEqual((yield* read(exchange({ subject_token: unknown }))).tag, "PairingUnknown")
    }))
})
