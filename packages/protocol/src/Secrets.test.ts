import { assert, describe, it } from "@effect/vitest"
import { Either, ParseResult, Schema } from "effect"
import { BrowserSessionRequest, BrowserSessionResponse } from "./BrowserSession.ts"
import {
  accessTokenType,
  grantType,
  IdempotencyHeaders,
  IdempotencyKey,
  pairingTokenType,
  RevokeRequest,
  TokenRequest,
  TokenResponse
} from "./OAuth.ts"
import { IssuedPairing } from "./Pairing.ts"
import { PairingToken } from "./PairingToken.ts"
import { IssuedSession } from "./Session.ts"
import { SessionToken, StorageHalf } from "./SessionToken.ts"

const secret = "K7QX2M9PHTRD-k7qx2m9phtrd-secret"

/** Each schema that holds a secret, with the way from its root to the secret. */
const schemas: ReadonlyArray<readonly [string, Schema.Schema.AnyNoContext, ReadonlyArray<string>]> = [
  ["PairingToken", PairingToken, []],
  ["SessionToken", SessionToken, []],
  ["StorageHalf", StorageHalf, []],
  ["IdempotencyKey", IdempotencyKey, []],
  ["IdempotencyHeaders", IdempotencyHeaders, ["idempotency-key"]],
  ["TokenRequest", TokenRequest, ["subject_token"]],
  ["TokenRequest (actor)", TokenRequest, ["actor_token"]],
  ["RevokeRequest", RevokeRequest, ["token"]],
  ["TokenResponse", TokenResponse, ["access_token"]],
  ["BrowserSessionRequest", BrowserSessionRequest, ["token"]],
  ["BrowserSessionResponse", BrowserSessionResponse, ["storageHalf"]],
  ["IssuedPairing", IssuedPairing, ["token"]],
  ["IssuedSession", IssuedSession, ["token"]]
]

/** What the rest of a token request holds, so that the secret is what is wrong. */
const beside = { actor_token_type: accessTokenType, grant_type: grantType, subject_token_type: pairingTokenType }

/** A secret in every shape that a peer, or a mistake, may give it. */
const shapes = [secret, `${secret}\0`, "x".repeat(300) + secret, [secret, secret], { value: secret }, [[secret]], {
  [secret]: secret
}]

const at = (way: ReadonlyArray<string>, value: unknown): unknown =>
  way.reduceRight<unknown>((inner, name) => ({ ...beside, [name]: inner }), value)

describe("A decode error", () => {
  it.each(schemas)("of %s quotes no secret", (_, schema, way) => {
    for (const shape of shapes) {
      // In its place, and where the whole should be.
      for (const input of [at(way, shape), shape, [at(way, shape)], JSON.stringify(at(way, shape))]) {
        const result = Schema.decodeUnknownEither(schema, { errors: "all" })(input)
        if (Either.isRight(result)) continue
        const told = [
          result.left.message,
          ParseResult.TreeFormatter.formatErrorSync(result.left),
          JSON.stringify(ParseResult.ArrayFormatter.formatErrorSync(result.left).map((issue) => issue.message))
        ].join("\n")
        assert.notInclude(told, secret)
      }
    }
  })

  it("still says what is wrong with the secret", () => {
    const message = (input: unknown) =>
      Either.getOrThrow(Either.flip(Schema.decodeUnknownEither(PairingToken)(input))).message
    assert.include(message("K7QX"), "12 characters")
    assert.include(message("U7QX2M9PHTRD"), "without U")
    assert.include(message(["K7QX2M9PHTRD"]), "a pairing token is text")
  })
})
