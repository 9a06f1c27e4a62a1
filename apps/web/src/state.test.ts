import { describe, expect, it } from "vitest"
import * as State from "./state.ts"

const attempt: State.Attempt = { key: "0123456789abcdef", token: "K7QX2M9PHTRD" }
const other: State.Attempt = { key: "fedcba9876543210", token: "000000000000" }

const session: State.WireSession = {
  createdAt: "2025-01-01T00:00:00.000Z",
  current: true,
  device: { id: "dddddddddddd", kind: "phone", label: "iPhone" },
  expiresAt: "2025-01-31T00:00:00.000Z",
  id: "ssssssssssss",
  issuedBy: { kind: "startup" },
  kind: "browser",
  lastUsedAt: "2025-01-01T00:00:00.000Z",
  role: "owner",
  scopes: ["environment:read"],
  state: "live"
}
const environment = { id: "eeeeeeeeeeee", label: "my-workstation" }
const answer: State.WirePairing = { environment, expiresIn: 2_592_000, session, storageHalf: "t3b_half" }
const paired: State.Paired = { environment, session }

/** The state after all events, and every command on the way. */
const play = (...events: ReadonlyArray<State.Event>) =>
  events.reduce<{ readonly state: State.State; readonly commands: ReadonlyArray<State.Command> }>(
    ({ commands, state }, event) => {
      const [next, more] = State.update(state, event)
      return { commands: [...commands, ...more], state: next }
    },
    { commands: [], state: State.initial }
  )

const given: State.Event = { _tag: "TokenGiven", attempt }
const refuse = (failure: State.Failure, stored = false): State.Event => ({ _tag: "ExchangeFailed", failure, stored })

describe("a link with a token", () => {
  it("is remembered for a reload before it is sent, without a question", () => {
    expect(play(given)).toEqual({
      commands: [{ _tag: "Remember", attempt }, { _tag: "Exchange", attempt }],
      state: { _tag: "Exchanging", attempt }
    })
  })

  it("becomes a session: the half is kept, the token forgotten", () => {
    const { commands, state } = play(given, { _tag: "Exchanged", answer })
    expect(state).toEqual({ _tag: "Paired", paired: { environment, expiresIn: 2_592_000, session } })
    expect(commands.slice(2)).toEqual([
      { _tag: "Keep", environmentId: environment.id, storageHalf: "t3b_half" },
      { _tag: "Forget" }
    ])
    expect(JSON.stringify(state)).not.toContain(attempt.token)
    expect(JSON.stringify(state)).not.toContain("t3b_half")
  })

  it("is not overtaken by a second one while the server decides", () => {
    const { commands, state } = play(given, { _tag: "TokenGiven", attempt: other }, { _tag: "LinkDamaged" })
    expect(state).toEqual({ _tag: "Exchanging", attempt })
    expect(commands).toHaveLength(2)
  })

  for (const _tag of ["PairingExpired", "PairingUsed", "PairingRevoked", "PairingUnknown", "Conflict"] as const) {
    it(`${_tag}: forgotten, asks for another token`, () => {
      const { commands, state } = play(given, refuse({ _tag }))
      expect(state).toEqual({ _tag: "Failed", attempt, failure: { _tag } })
      expect(commands.slice(2)).toEqual([{ _tag: "Forget" }])
    })
  }

  for (
    const _tag of [
      "Unavailable",
      "Invalid",
      "HostNotAllowed",
      "OriginNotAllowed",
      "TooLarge",
      "VersionMismatch",
      "Unexpected"
    ] as const
  ) {
    it(`${_tag}: forgotten in the tab, tried again with the same key`, () => {
      const failed = play(given, refuse({ _tag }))
      expect(failed.commands.slice(2)).toEqual([{ _tag: "Forget" }])
      expect(State.update(failed.state, { _tag: "RetryAsked" })).toEqual([{ _tag: "Exchanging", attempt }, [
        { _tag: "Remember", attempt },
        { _tag: "Exchange", attempt }
      ]])
    })
  }

  it("stays remembered while nobody has answered", () => {
    const { commands, state } = play(given, refuse({ _tag: "Unreachable" }))
    expect(state).toMatchObject({ _tag: "Failed", retry: { _tag: "Exchange", attempt } })
    expect(commands).not.toContainEqual({ _tag: "Forget" })
  })

  it("that is used, in a browser that is paired already, shows the session", () => {
    const used = play(given, refuse({ _tag: "PairingUsed" }, true))
    expect(used.state).toEqual({ _tag: "Checking", after: { _tag: "PairingUsed" } })
    expect(used.commands.slice(2)).toEqual([{ _tag: "Forget" }, { _tag: "Check" }])
    expect(State.update(used.state, { _tag: "Checked", paired })).toEqual([
      { _tag: "Paired", notice: { _tag: "PairingUsed" }, paired },
      []
    ])
    expect(State.update(used.state, { _tag: "NothingStored" })).toEqual([
      { _tag: "Failed", failure: { _tag: "PairingUsed" } },
      []
    ])
    expect(
      State.update(used.state, {
        _tag: "CheckFailed",
        environmentId: environment.id,
        failure: { _tag: "SessionRevoked" }
      })
    ).toEqual([{ _tag: "Failed", failure: { _tag: "PairingUsed" } }, [
      { _tag: "Drop", environmentId: environment.id }
    ]])
  })

  it("that is damaged is never sent", () => {
    expect(play({ _tag: "LinkDamaged" })).toEqual({
      commands: [{ _tag: "Forget" }],
      state: { _tag: "Failed", failure: { _tag: "LinkDamaged" } }
    })
  })
})

describe("a rate limit", () => {
  it("counts down before it lets one try again", () => {
    const limited = play(given, refuse({ _tag: "RateLimited", retryAfter: 2 }))
    expect(limited.state).toMatchObject({ wait: 2 })
    expect(limited.commands.at(-1)).toEqual({ _tag: "AwaitSecond" })
    expect(State.update(limited.state, { _tag: "RetryAsked" })).toEqual([limited.state, []])
    const [one, again] = State.update(limited.state, { _tag: "SecondPassed" })
    expect(again).toEqual([{ _tag: "AwaitSecond" }])
    const [none, done] = State.update(one, { _tag: "SecondPassed" })
    expect(done).toEqual([])
    expect(State.update(none, { _tag: "RetryAsked" })[0]).toEqual({ _tag: "Exchanging", attempt })
  })
})

describe("a page without a token", () => {
  it("asks for one where nothing is stored", () => {
    expect(play({ _tag: "Opened" }, { _tag: "NothingStored" })).toEqual({
      commands: [{ _tag: "Check" }],
      state: { _tag: "Asking" }
    })
  })

  it("shows the session that is stored", () => {
    expect(play({ _tag: "Opened" }, { _tag: "Checked", paired }).state).toEqual({ _tag: "Paired", paired })
  })

  for (const _tag of ["SessionRevoked", "SessionExpired", "Unauthenticated", "Conflict"] as const) {
    it(`${_tag}: drops the half, says why, asks for a token`, () => {
      const { commands, state } = play(
        { _tag: "Opened" },
        { _tag: "CheckFailed", environmentId: environment.id, failure: { _tag } }
      )
      expect(state).toEqual({
        _tag: "Failed",
        failure: { _tag: _tag === "Conflict" ? "SessionConflict" : _tag }
      })
      expect(commands.at(-1)).toEqual({ _tag: "Drop", environmentId: environment.id })
    })
  }

  it("keeps the half while the server does not answer, and tries again when asked", () => {
    const { commands, state } = play(
      { _tag: "Opened" },
      { _tag: "CheckFailed", environmentId: environment.id, failure: { _tag: "Unreachable" } },
      { _tag: "RetryAsked" }
    )
    expect(state).toEqual({ _tag: "Checking" })
    expect(commands).toEqual([{ _tag: "Check" }, { _tag: "Check" }])
  })

  it("takes a link that is pasted meanwhile; the late answer about the old session changes nothing", () => {
    const { state } = play({ _tag: "Opened" }, given, { _tag: "Checked", paired })
    expect(state).toEqual({ _tag: "Exchanging", attempt })
  })
})

describe("signing out", () => {
  const open: ReadonlyArray<State.Event> = [
    { _tag: "Opened" },
    { _tag: "Checked", paired },
    { _tag: "SignOutAsked" }
  ]

  it("drops the half once the server has answered, not before", () => {
    const asked = play(...open)
    expect(asked.commands.at(-1)).toEqual({ _tag: "SignOut", paired })
    expect(asked.commands).not.toContainEqual({ _tag: "Drop", environmentId: environment.id })
    expect(State.update(asked.state, { _tag: "SignedOut" })).toEqual([
      { _tag: "SignedOut", paired },
      [{ _tag: "Drop", environmentId: environment.id }]
    ])
  })

  it("of a session that was revoked meanwhile says so", () => {
    const { state } = play(...open, { _tag: "SignOutFailed", failure: { _tag: "SessionRevoked" } })
    expect(state).toEqual({ _tag: "Failed", failure: { _tag: "SessionRevoked" } })
  })

  it("can be tried again where nobody answered", () => {
    const { commands } = play(
      ...open,
      { _tag: "SignOutFailed", failure: { _tag: "Unreachable" } },
      { _tag: "RetryAsked" }
    )
    expect(commands.filter((command) => command._tag === "SignOut")).toHaveLength(2)
  })
})
