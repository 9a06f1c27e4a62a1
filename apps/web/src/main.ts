/**
 * The pairing page: takes the token out of the address bar, then lets the state machine run.
 *
 * @since 0.1.0
 */
import { guess } from "./device.ts"
import * as Http from "./http.ts"
import * as Keep from "./keep.ts"
import * as State from "./state.ts"
import { type Fragment, fromFragment } from "./token.ts"
import * as View from "./view.ts"

/** Reads the fragment and takes it out of the address bar, before any request is made. */
const takeFragment = (): Fragment => {
  const { hash, pathname, search } = location
  if (hash !== "") history.replaceState(null, "", pathname + search)
  return fromFragment(hash)
}

const fragment = takeFragment()

const http = Http.make(document.baseURI)
const device = guess(navigator.userAgent, navigator.maxTouchPoints)

/** `crypto.randomUUID` is missing on plain http. */
const newKey = (): string =>
  Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("")

/** The same token keeps its key, so that a device that lost the answer is let in rather than told "already used". */
const toAttempt = (token: string): State.Attempt => {
  const pending = Keep.pending()
  return pending?.token === token ? pending : { key: newKey(), token }
}

const exchange = async (attempt: State.Attempt): Promise<State.Event> => {
  if (!Keep.works()) return { _tag: "ExchangeFailed", failure: { _tag: "StorageBlocked" }, stored: false }
  const half = Keep.onlyHalf()
  const outcome = await http.exchange(attempt, device, half)
  return outcome.ok
    ? { _tag: "Exchanged", answer: outcome.value }
    : { _tag: "ExchangeFailed", failure: outcome.failure, stored: half !== undefined }
}

const check = async (): Promise<State.Event> => {
  if (!Keep.hasHalf()) return { _tag: "NothingStored" }
  const described = await http.describe()
  if (!described.ok) return { _tag: "CheckFailed", failure: described.failure }
  const { environmentId } = described.value
  const half = Keep.halfOf(environmentId)
  if (half === undefined) return { _tag: "NothingStored" }
  const outcome = await http.whoAmI(half)
  return outcome.ok
    ? { _tag: "Checked", paired: outcome.value }
    : { _tag: "CheckFailed", environmentId, failure: outcome.failure }
}

const signOut = async (environmentId: string): Promise<State.Event> => {
  const half = Keep.halfOf(environmentId)
  // Another tab was quicker.
  if (half === undefined) return { _tag: "SignedOut" }
  const outcome = await http.signOut(half)
  return outcome.ok ? { _tag: "SignedOut" } : { _tag: "SignOutFailed", failure: outcome.failure }
}

let state = State.initial

const dispatch = (event: State.Event): void => {
  const before = state
  const [after, commands] = State.update(state, event)
  state = after
  for (const command of commands) run(command)
  if (after !== before) view.show(after)
}

const view = View.make(document, {
  anotherToken: () => dispatch({ _tag: "AnotherTokenAsked" }),
  retry: () => dispatch({ _tag: "RetryAsked" }),
  signOut: () => dispatch({ _tag: "SignOutAsked" }),
  token: (token) => dispatch({ _tag: "TokenGiven", attempt: toAttempt(token) })
})

const run = (command: State.Command): void => {
  switch (command._tag) {
    case "Exchange":
      return void exchange(command.attempt).then(dispatch)
    case "Check":
      return void check().then(dispatch)
    case "SignOut":
      return void signOut(command.paired.environment.id).then(dispatch)
    case "Remember":
      return Keep.remember(command.attempt)
    case "Forget":
      return Keep.forget()
    case "Keep":
      return Keep.keep(command.environmentId, command.storageHalf)
    case "Drop":
      return Keep.drop(command.environmentId)
    case "AwaitSecond":
      return void setTimeout(() => dispatch({ _tag: "SecondPassed" }), 1_000)
  }
}

const open = (found: Fragment): void => {
  if (found === "damaged") return dispatch({ _tag: "LinkDamaged" })
  const attempt = found === "none" ? Keep.pending() : toAttempt(found.token)
  dispatch(attempt === undefined ? { _tag: "Opened" } : { _tag: "TokenGiven", attempt })
}

open(fragment)
// A second link pasted into this tab changes the fragment only: nothing is loaded anew.
addEventListener("hashchange", () => {
  const found = takeFragment()
  if (found !== "none") open(found)
})
