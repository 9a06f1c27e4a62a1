/** What each entry of the log says. */
import { assert, describe, it } from "@effect/vitest"
import { LogEntry, LogEvent } from "@t3/protocol/LogEntry"
import { Schema } from "effect"
import * as LogSentence from "./LogSentence.ts"

const session = "4gnw9x2hbq7t"
const other = "6wz0c5k1r8vd"
const pairing = "7k2m9phtrd0c"
const phone = { id: "5j89be6r7bs1", kind: "phone", label: "Ana's phone" }
const address = "192.0.2.7"
const cli = { kind: "cli" }
const own = { kind: "session", sessionId: session }
const another = { kind: "session", sessionId: other }

const decode = Schema.decodeUnknownSync(LogEntry)

const say = (event: LogEvent, fields: Readonly<Record<string, unknown>> = {}): string => {
  const line = LogSentence.line(decode({ at: "2026-11-25T09:12:03.999Z", count: 1, event, seq: 1, ...fields }))
  assert.isTrue(line.startsWith("2026-11-25 09:12:03Z  "), line)
  return line.slice("2026-11-25 09:12:03Z  ".length)
}

const about = { device: phone, sessionId: session }

/** Every kind, with the fields that it comes with. */
const said: Readonly<Record<LogEvent, ReadonlyArray<readonly [Readonly<Record<string, unknown>>, string]>>> = {
  "pairing.issued": [
    [{ actor: cli, pairingId: pairing }, `link ${pairing} was made by the command line`],
    [{ actor: { kind: "startup" }, pairingId: pairing }, `link ${pairing} was made by the server as it started`],
    [{ actor: another, address, pairingId: pairing }, `link ${pairing} was made by session ${other}, from ${address}`]
  ],
  "pairing.redeemed": [
    [
      { ...about, actor: own, address, pairingId: pairing },
      `Ana's phone (${session}) paired with link ${pairing}, from ${address}`
    ]
  ],
  "pairing.repeated": [
    [
      { ...about, actor: own, address, pairingId: pairing },
      `Ana's phone (${session}) asked again for what it got for link ${pairing}, from ${address}`
    ]
  ],
  "pairing.refused": [
    [
      { ...about, address, pairingId: pairing, reason: "PairingUsed" },
      `link ${pairing} was refused: it was already used by Ana's phone (${session}), from ${address}`
    ],
    [
      { count: 5, pairingId: pairing, reason: "PairingExpired" },
      `link ${pairing} was refused: it had expired (5 times)`
    ],
    [{ pairingId: pairing, reason: "PairingRevoked" }, `link ${pairing} was refused: it had been revoked`],
    [{ pairingId: pairing, reason: "Invalid" }, `link ${pairing} was refused: it gives none of the rights asked for`],
    [{ pairingId: pairing, reason: "constructor" }, `link ${pairing} was refused: constructor`],
    [{ pairingId: pairing, reason: "Later" }, `link ${pairing} was refused: Later`],
    [{ address, reason: "PairingUnknown" }, `1 unknown pairing token from ${address}`],
    [{ address, count: 5, reason: "PairingUnknown" }, `5 unknown pairing tokens from ${address}`],
    [{ count: 5, reason: "PairingUnknown" }, "5 unknown pairing tokens"]
  ],
  "pairing.revoked": [[{ actor: cli, pairingId: pairing }, `link ${pairing} was revoked by the command line`]],
  "pairing.expired": [[{ pairingId: pairing }, `link ${pairing} expired, unused`]],
  "session.issued": [
    [{ ...about, actor: cli }, `Ana's phone (${session}) was let in without a link by the command line`]
  ],
  "session.replaced": [
    [
      { ...about, actor: another },
      `Ana's phone (${session}) was replaced by session ${other}: the device paired again`
    ]
  ],
  "session.renamed": [
    [
      { ...about, actor: { kind: "desktop" } },
      `session ${session} was renamed to Ana's phone by the desktop app`
    ]
  ],
  "session.renewed": [[about, `Ana's phone (${session}) was used, so its time starts anew`]],
  "session.refused": [
    [
      { ...about, address, count: 2, reason: "SessionRevoked" },
      `Ana's phone (${session}) was refused: the session had been revoked, from ${address} (2 times)`
    ],
    [{ ...about, reason: "SessionExpired" }, `Ana's phone (${session}) was refused: the session had expired`],
    [{ address, count: 3, reason: "Unauthenticated" }, `3 unknown session credentials from ${address}`]
  ],
  "session.revoked": [
    [{ ...about, actor: { kind: "host" } }, `Ana's phone (${session}) was revoked by the host program`],
    [{ ...about, actor: own }, `Ana's phone (${session}) signed out`],
    [{ actor: another, sessionId: session }, `session ${session} was revoked by session ${other}`],
    [{ ...about, reason: "database" }, `Ana's phone (${session}) was revoked in the database itself`]
  ],
  "session.expired": [[about, `Ana's phone (${session}) expired`]],
  "scope.denied": [
    [{ ...about, reason: "access:write" }, `Ana's phone (${session}) was refused: it lacks the right access:write`]
  ],
  "ticket.refused": [
    [
      { ...about, address, reason: "Unauthenticated" },
      `a ticket of Ana's phone (${session}) was refused: it was used, or is too old, from ${address}`
    ],
    [{ address, count: 2, reason: "Unauthenticated" }, `2 unknown tickets from ${address}`]
  ],
  "rate.limited": [
    [{ address, count: 40, reason: "RateLimited" }, `40 attempts too many from ${address}`],
    [{ reason: "RateLimited" }, "1 attempt too many"]
  ]
}

describe("a sentence of the log", () => {
  for (const event of LogEvent.literals) {
    it(`says what happened, to whom and by whom: ${event}`, () => {
      for (const [fields, sentence] of said[event]) assert.strictEqual(say(event, fields), sentence)
    })
  }

  it("says something of an entry that lacks what others have", () => {
    for (const event of LogEvent.literals) {
      const sentence = say(event, { count: 2 })
      assert.match(sentence, /^\S.*\S$/)
      assert.notMatch(sentence, /undefined|null| {2}/)
    }
  })

  it("calls a device without a name by its kind", () => {
    assert.strictEqual(
      say("session.expired", { device: { ...phone, label: "\u200b" }, sessionId: session }),
      `phone (${session}) expired`
    )
  })

  it("tells what a later version recorded by its name", () => {
    const line = LogSentence.line(
      decode({ at: "2026-11-25T09:12:03.999Z", count: 1, event: "session.moved", seq: 1, ...about })
    )
    assert.strictEqual(line, `2026-11-25 09:12:03Z  Ana's phone (${session}): session.moved`)
  })

  it("lets nothing that a device or a network said act on the terminal (design 9.18)", () => {
    const evil = "\u001b[2J\u001b]0;owned\u0007evil\nrow\u202e"
    for (const event of LogEvent.literals) {
      const sentence = say(event, {
        address: evil,
        device: { ...phone, label: evil },
        pairingId: pairing,
        reason: evil,
        sessionId: session
      })
      assert.notMatch(sentence, /[\p{Cc}\p{Cf}]/u)
    }
  })
})
