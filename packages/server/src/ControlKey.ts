/**
 * The key of a control socket that its folder does not protect: a new one for each start of a server, in a file of the
 * data directory. Whoever can read that folder has the rights of its owner, and nobody else.
 *
 * @since 0.1.0
 */
import * as Headers from "@effect/platform/Headers"
import * as HttpClient from "@effect/platform/HttpClient"
import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import * as Secret from "@t3/auth-core/Secret"
import { Unauthenticated } from "@t3/protocol/Errors"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import type * as Scope from "effect/Scope"
import { randomBytes } from "node:crypto"
import * as fs from "node:fs"
import type { ServerResponse } from "node:http"
import type { DataDirectory } from "./DataDirectory.ts"
import { refusalOf } from "./http/answer.ts"
import { securityHeaders } from "./http/securityHeaders.ts"
import type { Handler } from "./network/listen.ts"
import { DirectoryRefused } from "./StartError.ts"

/** Carries the key. */
export const header = "t3-control-key"

const keyBytes = 32

/** The key in the file, if it can be read. */
const read = (file: string): string | undefined => {
  try {
    return fs.readFileSync(file, "utf8")
  } catch {
    return undefined
  }
}

const cannotWrite = (file: string) => (cause: unknown) =>
  new DirectoryRefused({
    hint: "Free some space, or correct its permissions, then start again.",
    message: `The key file ${file} cannot be written (${(cause as NodeJS.ErrnoException).code}).`,
    reason: "read-only"
  })

/**
 * Writes a new key, and removes it with the scope, unless another has taken its place. The caller holds the lock of the
 * directory (`DirectoryRefused`).
 */
export const write = (file: string): Effect.Effect<Redacted.Redacted, DirectoryRefused, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.try({
      try: () => {
        const key = randomBytes(keyBytes).toString("base64url")
        // That of a server that was killed may lie there, with whatever mode it got since.
        fs.rmSync(file, { force: true })
        fs.writeFileSync(file, key, { flag: "wx", mode: 0o600 })
        return Redacted.make(key)
      },
      catch: cannotWrite(file)
    }),
    (key) =>
      Effect.sync(() => {
        if (read(file) === Redacted.value(key)) fs.rmSync(file, { force: true })
      })
  )

const refuse = (response: ServerResponse): void => {
  const { body, headers, status } = refusalOf(
    new Unauthenticated({
      hint: "It is in the file control.key of the data directory, for the account that owns it.",
      message: "A call over the control socket needs its key."
    })
  )
  response.writeHead(status, { ...securityHeaders, ...headers, "content-type": "application/json" })
    .end(JSON.stringify(body))
}

/** Passes on what carries the key; all else is refused before anything of it is looked at (`Unauthenticated`, 401). */
export const demand = (key: Redacted.Redacted, handler: Handler): Handler => {
  const stored = Secret.hash(key)
  return (request, response) =>
    Secret.matches(Redacted.make(String(request.headers[header] ?? "")), stored)
      ? handler(request, response)
      : refuse(response)
}

/** What a call over the control socket of a directory must carry at this moment; nothing where it needs no key. */
export const headers = ({ controlKey }: DataDirectory): Effect.Effect<Readonly<Record<string, string>>> =>
  Effect.sync(() => {
    const key = controlKey === undefined ? undefined : read(controlKey)
    return key === undefined ? {} : { [header]: key }
  })

/** A client whose every call carries the key, if the control socket of the directory needs one. */
export const layerClient = (
  directory: DataDirectory
): Layer.Layer<HttpClient.HttpClient, never, HttpClient.HttpClient> =>
  Layer.effect(
    HttpClient.HttpClient,
    Effect.map(HttpClient.HttpClient, (client) =>
      client.pipe(
        HttpClient.mapRequestEffect((request) =>
          Effect.map(headers(directory), (more) => HttpClientRequest.setHeaders(request, more))
        ),
        // Spans have the headers of a request, and must not have this one.
        HttpClient.transformResponse(Effect.locallyWith(Headers.currentRedactedNames, (names) => [...names, header]))
      ))
  )
