import { assert, layer } from "@effect/vitest"
import * as Crockford from "@t3/protocol/Crockford"
import * as PairingToken from "@t3/protocol/PairingToken"
import { pattern, prefixes } from "@t3/protocol/SessionToken"
import { Effect, Either, Option, Redacted } from "effect"
import * as Secret from "./Secret.ts"

const id = "0123456789ab"

const kinds: ReadonlyArray<Secret.Kind> = ["bearer", "cookie", "storage"]

const mint = (kind: Secret.Kind) => Effect.flatMap(Secret.Secret, (secret) => secret.sessionToken(kind, id))

const mintPairingToken = Effect.flatMap(Secret.Secret, (secret) => secret.pairingToken)

const parse = (text: string) => Secret.parse(Redacted.make(text))

/** How far counts are from being equal. For 32 symbols it is over 130 once in 10^14 runs. */
const unevenness = (text: string): number => {
  const counts = new Map(Array.from(Crockford.alphabet, (symbol) => [symbol, 0]))
  for (const symbol of text) counts.set(symbol, (counts.get(symbol) ?? 0) + 1)
  const expected = text.length / 32
  return Array.from(counts.values()).reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0)
}

layer(Secret.Secret.layer)("Secret", (it) => {
  it.effect("mints pairing tokens of twelve symbols that a person's spelling reads back", () =>
    Effect.gen(function*() {
      const token = yield* mintPairingToken
      assert.match(Redacted.value(token), /^[0-9A-HJKMNP-TV-Z]{12}$/)
      const read = PairingToken.parse(PairingToken.unsafeFormat(token).toLowerCase())
      assert.strictEqual(Redacted.value(Either.getOrThrow(read)), Redacted.value(token))
    }))

  it.effect.each(kinds)(
    "mints session secrets of one shape, named by their prefix (%s)",
    (kind) =>
      Effect.gen(function*() {
        for (let count = 0; count < 50; count += 1) {
          const token = yield* mint(kind)
          const text = Redacted.value(token)
          assert.match(text, pattern)
          assert.isTrue(text.startsWith(prefixes[kind] + id))
          assert.deepStrictEqual(Secret.parse(token), Option.some({ id, kind }))
        }
      })
  )

  it.effect("never mints the same twice", () =>
    Effect.gen(function*() {
      const tokens = yield* Effect.replicateEffect(mint("bearer"), 1000)
      assert.strictEqual(new Set(tokens.map(Redacted.value)).size, 1000)
    }))

  it.effect("draws every symbol equally often", () =>
    Effect.gen(function*() {
      const tokens = yield* Effect.replicateEffect(mintPairingToken, 20_000)
      assert.isBelow(unevenness(tokens.map(Redacted.value).join("")), 130)
      const secrets = yield* Effect.replicateEffect(mint("bearer"), 4000)
      assert.isBelow(unevenness(secrets.map((it) => Redacted.value(it).slice(16, 68).toUpperCase()).join("")), 130)
    }))

  it.effect("refuses a session secret with any one character changed, left out or doubled", () =>
    Effect.gen(function*() {
      const text = Redacted.value(yield* mint("bearer"))
      for (let at = 0; at < text.length; at += 1) {
        for (const symbol of `${Crockford.alphabet.toLowerCase()}${Crockford.alphabet}u_-\0 \ud800`) {
          if (symbol === text[at]) continue
          assert.isTrue(Option.isNone(parse(text.slice(0, at) + symbol + text.slice(at + 1))), `${at} ${symbol}`)
        }
        assert.isTrue(Option.isNone(parse(text.slice(0, at) + text.slice(at + 1))))
        assert.isTrue(Option.isNone(parse(text.slice(0, at) + text.slice(at, at + 1) + text.slice(at))))
      }
    }))

  it.effect.each(["", "t3s_", "t3x_", "Bearer", "\0".repeat(74), "t3s_".repeat(100_000), "constructor", "__proto__"])(
    "refuses %j",
    (text) => Effect.sync(() => assert.isTrue(Option.isNone(parse(text))))
  )

  it.effect("stores a hash that only the secret matches", () =>
    Effect.gen(function*() {
      const token = yield* mint("bearer")
      const stored = Secret.hash(token)
      assert.match(stored, /^[A-Za-z0-9_-]{43}$/)
      assert.isTrue(Secret.matches(token, stored))
      assert.isFalse(Secret.matches(yield* mint("bearer"), stored))
      for (const other of ["", "x", stored.slice(1), `${stored}x`, Redacted.value(token)]) {
        assert.isFalse(Secret.matches(token, other))
      }
    }))

  it.effect("is shown by nothing that prints", () =>
    Effect.gen(function*() {
      const token = yield* mint("bearer")
      assert.notInclude(`${String(token)}${JSON.stringify({ token })}`, Redacted.value(token).slice(16, 40))
    }))
})
