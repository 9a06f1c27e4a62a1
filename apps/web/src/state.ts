/**
 * What the page shows and does next, as a pure function of what happened: no document, no network, no storage.
 *
 * @since 0.1.0
 */
import type { BrowserSessionResponse } from "@t3/protocol/BrowserSession"
import type { Refusal } from "@t3/protocol/Errors"
import type { Session } from "@t3/protocol/Session"

/** A session as it comes over the wire. */
export type WireSession = typeof Session.Encoded
/** The answer to a pairing, as it comes over the wire. */
export type WirePairing = typeof BrowserSessionResponse.Encoded

/** What can go wrong: what the server refuses for, and what only the page can see. */
export type FailureTag =
  | Exclude<Refusal["_tag"], "InsecureAddress" | "NotFound" | "ScopeRequired">
  | "LinkDamaged"
  | "SessionConflict"
  | "StorageBlocked"
  | "Unexpected"

/** One failure; `message` is the server's own sentence, to be shown as text only. */
export interface Failure {
  readonly _tag: FailureTag
  readonly message?: string
  /** Seconds, for `RateLimited`. */
  readonly retryAfter?: number
  /** The HTTP status, for `Unexpected`. */
  readonly status?: number
}

/** One exchange of one token: however often it is sent, its key stays the same. */
export interface Attempt {
  readonly token: string
  readonly key: string
}

/** What this device has. */
export interface Paired {
  readonly session: WireSession
  readonly environment: WirePairing["environment"]
  /** Seconds without use after which it lapses; known right after pairing only. */
  readonly expiresIn?: number
}

/** What the page shows. */
export type State =
  | { readonly _tag: "Checking"; readonly after?: Failure }
  | { readonly _tag: "Asking" }
  | { readonly _tag: "Exchanging"; readonly attempt: Attempt }
  | { readonly _tag: "Paired"; readonly paired: Paired; readonly notice?: Failure }
  | { readonly _tag: "SigningOut"; readonly paired: Paired }
  | { readonly _tag: "SignedOut"; readonly paired: Paired }
  | Failed

/** With `retry` there is a button, without it a field for another token. `wait` is in seconds. */
export interface Failed {
  readonly _tag: "Failed"
  readonly failure: Failure
  readonly attempt?: Attempt
  readonly retry?: Request
  readonly wait?: number
}

/** What happened. */
export type Event =
  | { readonly _tag: "Opened" }
  | { readonly _tag: "TokenGiven"; readonly attempt: Attempt }
  | { readonly _tag: "LinkDamaged" }
  | { readonly _tag: "Exchanged"; readonly answer: WirePairing }
  | { readonly _tag: "ExchangeFailed"; readonly failure: Failure; readonly stored: boolean }
  | { readonly _tag: "Checked"; readonly paired: Paired }
  | { readonly _tag: "NothingStored" }
  | { readonly _tag: "CheckFailed"; readonly failure: Failure; readonly environmentId?: string }
  | { readonly _tag: "SignOutAsked" }
  | { readonly _tag: "SignedOut" }
  | { readonly _tag: "SignOutFailed"; readonly failure: Failure }
  | { readonly _tag: "RetryAsked" }
  | { readonly _tag: "AnotherTokenAsked" }
  | { readonly _tag: "SecondPassed" }

/** What goes over the network. */
type Request =
  | { readonly _tag: "Exchange"; readonly attempt: Attempt }
  | { readonly _tag: "Check" }
  | { readonly _tag: "SignOut"; readonly paired: Paired }

/** What is to be done. `Remember` and `Forget` are about this tab, `Keep` and `Drop` about this browser. */
export type Command =
  | Request
  | { readonly _tag: "Remember"; readonly attempt: Attempt }
  | { readonly _tag: "Forget" }
  | { readonly _tag: "Keep"; readonly environmentId: string; readonly storageHalf: string }
  | { readonly _tag: "Drop"; readonly environmentId: string }
  | { readonly _tag: "AwaitSecond" }

/** The state after an event, and what to do, in this order. */
export type Step = readonly [State, ReadonlyArray<Command>]

/** Another token may work; trying the same again cannot. */
const needsToken: ReadonlySet<FailureTag> = new Set<FailureTag>([
  "Conflict",
  "LinkDamaged",
  "PairingExpired",
  "PairingRevoked",
  "PairingUnknown",
  "PairingUsed"
])

/** The stored half is of no use any more. */
const ended: ReadonlySet<FailureTag> = new Set<FailureTag>([
  "Conflict",
  "SessionExpired",
  "SessionRevoked",
  "Unauthenticated"
])

const start = (request: Request): Step => {
  switch (request._tag) {
    case "Exchange":
      return [{ _tag: "Exchanging", attempt: request.attempt }, [
        { _tag: "Remember", attempt: request.attempt },
        request
      ]]
    case "Check":
      return [{ _tag: "Checking" }, [request]]
    case "SignOut":
      return [{ _tag: "SigningOut", paired: request.paired }, [request]]
  }
}

const failAgain = (failure: Failure, retry: Request, attempt?: Attempt): Step => {
  const wait = failure.retryAfter ?? 0
  const kept = attempt === undefined ? {} : { attempt }
  return wait > 0
    ? [{ _tag: "Failed", failure, retry, wait, ...kept }, [{ _tag: "AwaitSecond" }]]
    : [{ _tag: "Failed", failure, retry, ...kept }, []]
}

const failExchange = (attempt: Attempt, failure: Failure, stored: boolean): Step => {
  // A link that is opened a second time is the usual way back to a device that is paired already.
  if (stored && needsToken.has(failure._tag) && failure._tag !== "Conflict") {
    return [{ _tag: "Checking", after: failure }, [{ _tag: "Forget" }, { _tag: "Check" }]]
  }
  if (needsToken.has(failure._tag)) return [{ _tag: "Failed", attempt, failure }, [{ _tag: "Forget" }]]
  const [state, commands] = failAgain(failure, { _tag: "Exchange", attempt }, attempt)
  return [state, failure._tag === "Unreachable" ? commands : [{ _tag: "Forget" }, ...commands]]
}

const endSession = (failure: Failure, environmentId: string): Step => [
  { _tag: "Failed", failure: failure._tag === "Conflict" ? { ...failure, _tag: "SessionConflict" } : failure },
  [{ _tag: "Drop", environmentId }]
]

const failCheck = (after: Failure | undefined, failure: Failure, environmentId: string | undefined): Step => {
  const over = environmentId !== undefined && ended.has(failure._tag)
  const drop: ReadonlyArray<Command> = over ? [{ _tag: "Drop", environmentId }] : []
  if (after !== undefined) return [{ _tag: "Failed", failure: after }, drop]
  return over ? endSession(failure, environmentId) : failAgain(failure, { _tag: "Check" })
}

const onExchanging = (state: Extract<State, { _tag: "Exchanging" }>, event: Event): Step => {
  switch (event._tag) {
    case "Exchanged": {
      const { environment, expiresIn, session, storageHalf } = event.answer
      return [{ _tag: "Paired", paired: { environment, expiresIn, session } }, [
        { _tag: "Keep", environmentId: environment.id, storageHalf },
        { _tag: "Forget" }
      ]]
    }
    case "ExchangeFailed":
      return failExchange(state.attempt, event.failure, event.stored)
    default:
      return [state, []]
  }
}

const onChecking = (state: Extract<State, { _tag: "Checking" }>, event: Event): Step => {
  switch (event._tag) {
    case "Checked":
      return [{
        _tag: "Paired",
        paired: event.paired,
        ...(state.after === undefined ? {} : { notice: state.after })
      }, []]
    case "NothingStored":
      return [state.after === undefined ? { _tag: "Asking" } : { _tag: "Failed", failure: state.after }, []]
    case "CheckFailed":
      return failCheck(state.after, event.failure, event.environmentId)
    default:
      return [state, []]
  }
}

const onSigningOut = (state: Extract<State, { _tag: "SigningOut" }>, event: Event): Step => {
  const environmentId = state.paired.environment.id
  switch (event._tag) {
    case "SignedOut":
      return [{ _tag: "SignedOut", paired: state.paired }, [{ _tag: "Drop", environmentId }]]
    case "SignOutFailed":
      return ended.has(event.failure._tag)
        ? endSession(event.failure, environmentId)
        : failAgain(event.failure, { _tag: "SignOut", paired: state.paired })
    default:
      return [state, []]
  }
}

const onFailed = (state: Failed, event: Event): Step => {
  const wait = state.wait ?? 0
  switch (event._tag) {
    case "RetryAsked":
      return state.retry === undefined || wait > 0 ? [state, []] : start(state.retry)
    case "SecondPassed":
      return wait > 0 ? [{ ...state, wait: wait - 1 }, wait > 1 ? [{ _tag: "AwaitSecond" }] : []] : [state, []]
    default:
      return [state, []]
  }
}

const onRest = (state: State, event: Event): Step => {
  switch (event._tag) {
    case "Opened":
      return start({ _tag: "Check" })
    case "TokenGiven":
      return start({ _tag: "Exchange", attempt: event.attempt })
    case "LinkDamaged":
      return [{ _tag: "Failed", failure: { _tag: "LinkDamaged" } }, [{ _tag: "Forget" }]]
    case "AnotherTokenAsked":
      return [{ _tag: "Asking" }, [{ _tag: "Forget" }]]
    case "SignOutAsked":
      return state._tag === "Paired" ? start({ _tag: "SignOut", paired: state.paired }) : [state, []]
    default:
      return state._tag === "Failed" ? onFailed(state, event) : [state, []]
  }
}

/** Where the page starts, before it has looked at anything. */
export const initial: State = { _tag: "Checking" }

/** The next step. An event that does not belong to the state changes nothing: a late answer cannot undo a newer one. */
export const update = (state: State, event: Event): Step => {
  // While the server decides, the page waits: a second token must not overtake the first.
  if (state._tag === "Exchanging") return onExchanging(state, event)
  if (state._tag === "SigningOut") return onSigningOut(state, event)
  if (
    state._tag === "Checking" && event._tag !== "TokenGiven" && event._tag !== "LinkDamaged" && event._tag !== "Opened"
  ) {
    return onChecking(state, event)
  }
  return onRest(state, event)
}
