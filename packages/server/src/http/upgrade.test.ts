import { assert, layer } from "@effect/vitest"
import { closeCode, subprotocol, ticketPrefix } from "@t3/protocol/LiveConnection"
import { Effect, Fiber } from "effect"
import { bearer, call, pairBrowser, pairingToken, withBearer, withHalves } from "../../test/api.ts"
import { frame, type Handshake, handshake, parseAnswer, protocols, refusal } from "../../test/handshake.ts"
import { offer, ticketOf } from "../../test/live.ts"
import * as raw from "../../test/raw.ts"
import { until, untilEffect } from "../../test/until.ts"
import { BaseDir, baseUrl, layerMachine, layerServer, portOf } from "../../test/withServer.ts"
import * as DataDirectory from "../DataDirectory.ts"
import { T3Server } from "../T3Server.ts"
import { securityHeaders } from "./securityHeaders.ts"

const ticketFor = (headers?: Record<string, string>) =>
  Effect.gen(function*() {
    return yield* ticketOf(yield* baseUrl, yield* bearer(), headers)
  })

/** A ticket's text, of no ticket. */
const noTicket = `t3w_${"0".repeat(52)}`

/** How an upgrade that is different in this is refused; a ticket that was not taken is good afterwards. */
const refused = (ticket: string, different?: Handshake) =>
  Effect.gen(function*() {
    const { headers, status, text } = yield* refusal(portOf(yield* baseUrl), ticket, different)
    const body = JSON.parse(text) as Record<string, unknown>
    for (const [name, value] of Object.entries(securityHeaders)) assert.strictEqual(headers.get(name), value, name)
    assert.strictEqual(headers.get("content-type"), "application/json")
    assert.strictEqual(headers.get("www-authenticate"), status === 401 ? "Bearer" : undefined)
    assert.isUndefined(headers.get("sec-websocket-protocol"))
    assert.isString(body["message"])
    if (ticket.startsWith("t3")) assert.notInclude(text, ticket)
    for (const field of Object.keys(body)) assert.include(["_tag", "message", "hint"], field)
    return `${status} ${String(body["_tag"])}`
  })

const opens = (ticket: string) =>
  Effect.scoped(Effect.map(
    Effect.flatMap(baseUrl, (base) => offer(base, [subprotocol, ticketPrefix + ticket])),
    ({ protocol }) => protocol === subprotocol
  ))

layer(layerMachine(), { excludeTestServices: true })("an upgrade is refused before the 101", (it) => {
  it.scoped("and the connection is let go, whatever its peer does with its half of it", () =>
    Effect.gen(function*() {
      const port = portOf(yield* baseUrl)
      const socket = yield* raw.open({ allowHalfOpen: true, host: "127.0.0.1", port })
      const ended = new Promise((resolve) => socket.resume().once("end", resolve))
      let broken = false
      socket.once("error", () => {
        broken = true
      })
      socket.write("GET /ws HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")
      yield* Effect.promise(() => ended)
      // A peer that is still being read would hear nothing of it.
      yield* until("the connection breaks", () => {
        socket.write("more")
        return broken
      })
    }))

  const own = { origin: "http://127.0.0.1:1" }

  for (
    const [name, expected, different] of [
      ["12: a foreign Host", "421 HostNotAllowed", { headers: { Host: "evil.example" } }],
      ["a second Host", "421 HostNotAllowed", { headers: { host: "evil.example" } }],
      ["12: a foreign Origin", "403 OriginNotAllowed", { headers: { Origin: "http://evil.example" } }],
      ["12: the Origin of another port", "403 OriginNotAllowed", { headers: { Origin: "http://127.0.0.1:1" } }],
      ["an Origin that is hidden", "403 OriginNotAllowed", { headers: { Origin: "null" } }],
      ["another path", "404 NotFound", { path: "/ws2" }],
      ["a path of the API", "404 NotFound", { path: "/api/events" }],
      ["no subprotocol", "401 Unauthenticated", { headers: { "Sec-WebSocket-Protocol": undefined } }],
      ["no ticket", "401 Unauthenticated", { headers: { "Sec-WebSocket-Protocol": subprotocol } }],
      ["no protocol of ours", "401 Unauthenticated", { headers: { "Sec-WebSocket-Protocol": "graphql-ws" } }]
    ] satisfies ReadonlyArray<[string, string, Handshake]>
  ) {
    it.effect(`for ${name}, and the ticket stays good`, () =>
      Effect.gen(function*() {
        const ticket = yield* ticketFor()
        assert.strictEqual(yield* refused(ticket, different), expected)
        assert.isTrue(yield* opens(ticket))
      }))
  }

  it.effect("for subprotocols in another order, with others among them, or twice", () =>
    Effect.gen(function*() {
      const ticket = yield* ticketFor()
      const mine = ticketPrefix + ticket
      for (
        const offered of [
          `${mine}, ${subprotocol}`,
          `${subprotocol}, ${mine}, other`,
          `${subprotocol}, other, ${mine}`,
          `other, ${subprotocol}, ${mine}`,
          `${subprotocol}, ${mine}, ${mine}`,
          `${subprotocol}, ${ticket}`,
          `${subprotocol}x, ${mine}`,
          mine,
          `, ${subprotocol}, ${mine}`
        ]
      ) {
        const headers = { "Sec-WebSocket-Protocol": offered }
        assert.strictEqual(yield* refused(ticket, { headers }), "401 Unauthenticated", offered.replace(ticket, "…"))
      }
      assert.isTrue(yield* opens(ticket))
    }))

  it.effect("for a ticket in the URL, in a cookie or in a header", () =>
    Effect.gen(function*() {
      const ticket = yield* ticketFor()
      const none = { "Sec-WebSocket-Protocol": subprotocol }
      for (
        const different of [
          { headers: none, path: `/ws?ticket=${ticket}` },
          { headers: none, path: `/ws?${encodeURIComponent(ticketPrefix + ticket)}` },
          { headers: { ...none, Cookie: `ticket=${ticket}` } },
          { headers: { ...none, Authorization: `Bearer ${ticket}` } }
        ]
      ) assert.strictEqual(yield* refused(ticket, different), "401 Unauthenticated")
      assert.isTrue(yield* opens(ticket))
    }))

  it.effect("for every other secret in the place of the ticket, and beside none", () =>
    Effect.gen(function*() {
      const token = yield* bearer()
      const { browser } = yield* pairBrowser()
      const cookie = browser.cookie.split("=")[1] ?? ""
      for (const secret of [token, yield* pairingToken(), browser.storage, cookie, noTicket, "", "x"]) {
        assert.strictEqual(yield* refused(secret), "401 Unauthenticated")
      }
      for (const headers of [withBearer(token), withHalves(browser)]) {
        assert.strictEqual(
          yield* refused(noTicket, { headers: { ...headers, "Sec-WebSocket-Protocol": subprotocol } }),
          "401 Unauthenticated"
        )
      }
    }))

  it.effect("for a ticket that was used", () =>
    Effect.gen(function*() {
      const ticket = yield* ticketFor()
      assert.isTrue(yield* opens(ticket))
      assert.strictEqual(yield* refused(ticket), "401 Unauthenticated")
    }))

  it.effect("for a ticket of another origin, which is used up then", () =>
    Effect.gen(function*() {
      const origin = yield* baseUrl
      const ofPage = yield* ticketFor({ origin })
      const ofProgram = yield* ticketFor()
      assert.strictEqual(yield* refused(ofPage), "401 Unauthenticated")
      assert.strictEqual(yield* refused(ofPage, { headers: { Origin: origin } }), "401 Unauthenticated")
      assert.strictEqual(yield* refused(ofProgram, { headers: { Origin: origin } }), "401 Unauthenticated")
      assert.strictEqual(
        yield* refused(yield* ticketFor({ origin }), { headers: { Origin: origin.replace("127.0.0.1", "localhost") } }),
        "403 OriginNotAllowed"
      )
      assert.strictEqual((yield* call("/api/ws-ticket", { headers: own, method: "POST" })).status, 403)
    }))

  it.effect("for a session that was revoked after it got its ticket", () =>
    Effect.gen(function*() {
      const { access } = yield* T3Server
      const token = yield* bearer()
      const ticket = yield* ticketOf(yield* baseUrl, token)
      const { items } = yield* access.listSessions({ all: false, limit: 1 })
      yield* access.revokeSession(items[0]?.id as typeof items[number]["id"])
      assert.strictEqual(yield* refused(ticket), "401 SessionRevoked")
    }))

  it.effect("on the control socket, which is no way in", () =>
    Effect.gen(function*() {
      const ticket = yield* ticketFor()
      const { socket } = DataDirectory.at(yield* BaseDir)
      const sent = handshake(portOf(yield* baseUrl), ticket, { headers: { Connection: "Upgrade, close" } })
      const { headers, status, text } = parseAnswer(yield* raw.send({ path: socket }, sent))
      assert.strictEqual(status, 404)
      assert.include(text, "\"_tag\":\"NotFound\"")
      for (const [name, value] of Object.entries(securityHeaders)) assert.strictEqual(headers.get(name), value, name)
      assert.isTrue(yield* opens(ticket))
    }))

  it.effect("for what is no opening handshake", () =>
    Effect.gen(function*() {
      for (
        const different of [
          { headers: { "Sec-WebSocket-Key": undefined } },
          { headers: { "Sec-WebSocket-Key": "short" } },
          { headers: { "Sec-WebSocket-Version": undefined } },
          { headers: { "Sec-WebSocket-Version": "7" } },
          { headers: { "Content-Length": "0" }, method: "POST" },
          { method: "DELETE" }
        ] satisfies ReadonlyArray<Handshake>
      ) assert.strictEqual(yield* refused(yield* ticketFor(), different), "400 Invalid", JSON.stringify(different))
    }))
})

layer(layerServer(), { excludeTestServices: true })("an upgrade", (it) => {
  /** What the server says to a good one, and what comes after it. */
  const opened = (ticket: string, different?: Handshake, more: Uint8Array = new Uint8Array()) =>
    Effect.gen(function*() {
      const port = portOf(yield* baseUrl)
      const socket = yield* raw.open({ host: "127.0.0.1", port })
      let bytes = ""
      socket.on("data", (chunk) => {
        bytes += String(chunk)
      })
      socket.write(Buffer.concat([Buffer.from(handshake(port, ticket, different)), more]))
      yield* until("there is an answer", () => bytes.includes("\r\n\r\n"))
      return { answer: parseAnswer(bytes), bytes: () => bytes }
    })

  it.scoped("is answered with the protocol alone, and never with the ticket", () =>
    Effect.gen(function*() {
      const ticket = yield* ticketFor()
      const { answer } = yield* opened(ticket)
      assert.deepStrictEqual([answer.status, answer.headers.get("sec-websocket-protocol")], [101, subprotocol])
      assert.notInclude(JSON.stringify(Array.from(answer.headers)), ticket)
    }))

  it.scoped("takes no compression, whoever offers it", () =>
    Effect.gen(function*() {
      const headers = { "Sec-WebSocket-Extensions": "permessage-deflate; client_max_window_bits" }
      const { answer } = yield* opened(yield* ticketFor(), { headers })
      assert.strictEqual(answer.status, 101)
      assert.isUndefined(answer.headers.get("sec-websocket-extensions"))
    }))

  it.scoped("is good without an Origin, and with that of the server's own page", () =>
    Effect.gen(function*() {
      const origin = yield* baseUrl
      const { answer } = yield* opened(yield* ticketFor({ origin }), { headers: { Origin: origin } })
      assert.strictEqual(answer.status, 101)
    }))

  it.scoped("loses nothing of what came in one piece with it", () =>
    Effect.gen(function*() {
      for (let round = 0; round < 20; round++) {
        const { bytes } = yield* opened(yield* ticketFor(), {}, frame(JSON.stringify({ _tag: "Ping" })))
        yield* until("the ping is answered", () => bytes().includes("Pong"))
      }
    }))

  it.scoped("that comes to nothing leaves nothing", () =>
    Effect.gen(function*() {
      const port = portOf(yield* baseUrl)
      const running = () => Effect.map(Fiber.roots, (fibers) => Array.from(fibers).length)
      const before = yield* running()
      for (let round = 0; round < 10; round++) {
        yield* refused(yield* ticketFor(), { headers: { "Sec-WebSocket-Key": "short" } })
        const socket = yield* raw.open({ host: "127.0.0.1", port })
        socket.end(handshake(port, yield* ticketFor()))
      }
      yield* untilEffect("no fiber is left", Effect.map(running(), (now) => now <= before + 2))
    }))

  it.scoped("to another version of the protocol is closed with 4409, and does no harm", () =>
    Effect.gen(function*() {
      const base = yield* baseUrl
      const live = yield* offer(base, ["t3.rpc.v2", ticketPrefix + (yield* ticketFor())])
      assert.strictEqual(live.protocol, "t3.rpc.v2")
      assert.match(yield* live.closed, new RegExp(`^${closeCode.version} .*${subprotocol}`))
      assert.deepStrictEqual(live.messages, [])
      // An unmasked frame is a violation of the protocol, to which nobody may be left to listen.
      const headers = { "Sec-WebSocket-Protocol": protocols(yield* ticketFor()).replace(".v1", ".v2") }
      yield* opened(yield* ticketFor(), { headers }, Buffer.from([0x81, 0x01, 0x41]))
      yield* Effect.sleep("50 millis")
      assert.strictEqual((yield* call("/health")).status, 200)
    }))
})
