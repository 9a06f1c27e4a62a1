/** The half of a browser session that the browser keeps in a cookie: set, kept alive, taken back. */
import * as HttpApp from "@effect/platform/HttpApp"
import * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import { cookieName } from "@t3/protocol/SessionToken"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"

const answerWith = (environmentId: string, value: string, maxAge: "400 days" | "0 seconds") =>
  HttpApp.appendPreResponseHandler((_, response) =>
    Effect.orDie(
      HttpServerResponse.setCookie(response, cookieName(environmentId, "http"), value, {
        httpOnly: true,
        maxAge,
        path: "/",
        sameSite: "strict"
      })
    )
  )

/**
 * Sends the cookie with the answer. Browsers keep one for at most 400 days (RFC 6265bis, 5.5), so it is sent again when
 * the browser asks who it is; the session itself decides how long it lives.
 */
export const setCookieHalf = (environmentId: string, half: Redacted.Redacted): Effect.Effect<void> =>
  answerWith(environmentId, Redacted.value(half), "400 days")

/** Takes the cookie back with the answer. */
export const dropCookieHalf = (environmentId: string): Effect.Effect<void> => answerWith(environmentId, "", "0 seconds")
