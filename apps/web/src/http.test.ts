import { once } from "node:events"
import * as NodeHttp from "node:http"
import type { AddressInfo } from "node:net"
import { afterEach, describe, expect, it } from "vitest"
import * as Http from "./http.ts"

const answer = {
  environment: { id: "eeeeeeeeeeee", label: "" },
  expiresIn: 2_592_000,
  session: { device: { label: "iPhone" }, expiresAt: "2025-01-31T00:00:00.000Z", id: "s", role: "owner", scopes: [] },
  storageHalf: "t3b_half"
}
const attempt = { key: "0123456789abcdef", token: "K7QX2M9PHTRD" }

interface Seen {
  readonly line: string
  readonly headers: NodeHttp.IncomingHttpHeaders
  readonly body: string
}

type Reply = (response: NodeHttp.ServerResponse) => void

const json = (status: number, body: unknown): Reply => (response) =>
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body))

/** Never answers: the connection breaks. */
const cut: Reply = (response) => response.destroy()

const servers = new Set<NodeHttp.Server>()
afterEach(() => {
  for (const server of servers) server.close()
  servers.clear()
})

/** A server that gives each request the next reply, and the page's calls to it. */
const serve = async (...replies: ReadonlyArray<Reply>) => {
  const seen: Array<Seen> = []
  const server = NodeHttp.createServer((request, response) => {
    const chunks: Array<Buffer> = []
    request.on("data", (chunk: Buffer) => chunks.push(chunk)).on("end", () => {
      seen.push({
        body: Buffer.concat(chunks).toString(),
        headers: request.headers,
        line: `${request.method} ${request.url}`
      })
      replies[seen.length - 1]?.(response)
    })
  }).listen(0, "127.0.0.1")
  servers.add(server)
  await once(server, "listening")
  const { port } = server.address() as AddressInfo
  return { http: Http.make(`http://127.0.0.1:${port}/t3/pair`), seen }
}

describe("the exchange", () => {
  it("goes to the path of the page, with the key in a header and the token in the body alone", async () => {
    const { http, seen } = await serve(json(201, answer))
    expect(await http.exchange(attempt, { label: "iPhone" }, undefined)).toEqual({ ok: true, value: answer })
    expect(seen[0]?.line).toBe("POST /t3/api/session")
    expect(seen[0]?.headers["idempotency-key"]).toBe(attempt.key)
    expect(seen[0]?.headers["t3-session"]).toBeUndefined()
    expect(JSON.parse(seen[0]?.body ?? "")).toEqual({ device: { label: "iPhone" }, token: attempt.token })
    expect(JSON.stringify(seen[0]?.headers)).not.toContain(attempt.token)
  })

  it("is sent once more with the same key where the answer was lost", async () => {
    const { http, seen } = await serve(cut, json(201, answer))
    expect(await http.exchange(attempt, {}, "t3b_old")).toEqual({ ok: true, value: answer })
    expect(seen.map(({ headers }) => headers["idempotency-key"])).toEqual([attempt.key, attempt.key])
    expect(seen.map(({ headers }) => headers["t3-session"])).toEqual(["t3b_old", "t3b_old"])
  })

  it("is unreachable after the second try", async () => {
    const { http, seen } = await serve(cut, cut, json(201, answer))
    expect(await http.exchange(attempt, {}, undefined)).toEqual({ failure: { _tag: "Unreachable" }, ok: false })
    expect(seen).toHaveLength(2)
  })

  it("is not repeated once the server has refused it", async () => {
    const refusal = { _tag: "RateLimited", message: "Too many attempts.", retryAfter: 9 }
    const { http, seen } = await serve(json(429, refusal))
    expect(await http.exchange(attempt, {}, undefined)).toEqual({ failure: refusal, ok: false })
    expect(seen).toHaveLength(1)
  })

  it("follows no redirect", async () => {
    const { http, seen } = await serve(
      (response) => response.writeHead(307, { location: "/elsewhere" }).end(),
      (response) => response.writeHead(307, { location: "/elsewhere" }).end()
    )
    expect(await http.exchange(attempt, {}, undefined)).toMatchObject({ ok: false })
    expect(seen.map(({ line }) => line)).not.toContain("POST /elsewhere")
  })

  const strange: ReadonlyArray<readonly [string, Reply, number]> = [
    ["a page of a captive portal", (response) => response.writeHead(200).end("<html>sign in</html>"), 200],
    ["a proxy's error", (response) => response.writeHead(502).end("Bad gateway"), 502],
    ["JSON of another shape", json(201, { ...answer, session: { id: "s" } }), 201],
    ["a tag that nobody knows", json(400, { _tag: "constructor" }), 400]
  ]
  for (const [name, reply, status] of strange) {
    it(`does not believe ${name}`, async () => {
      const { http } = await serve(reply)
      expect(await http.exchange(attempt, {}, undefined)).toEqual({
        failure: { _tag: "Unexpected", status },
        ok: false
      })
    })
  }
})

describe("the session", () => {
  it("is asked for and ended with the storage half in a header", async () => {
    const { http, seen } = await serve(json(200, { environmentId: "eeeeeeeeeeee" }), json(200, answer), json(200, {}))
    expect(await http.describe()).toMatchObject({ ok: true })
    expect(await http.whoAmI("t3b_half")).toMatchObject({ ok: true })
    expect(await http.signOut("t3b_half")).toMatchObject({ ok: true })
    expect(seen.map(({ headers, line }) => [line, headers["t3-session"]])).toEqual([
      ["GET /t3/.well-known/t3/environment", undefined],
      ["GET /t3/api/session", "t3b_half"],
      ["DELETE /t3/api/session", "t3b_half"]
    ])
  })

  it("that was revoked is told as that", async () => {
    const { http } = await serve(json(401, { _tag: "SessionRevoked", message: "The session was revoked." }))
    expect(await http.whoAmI("t3b_half")).toEqual({
      failure: { _tag: "SessionRevoked", message: "The session was revoked." },
      ok: false
    })
  })
})
