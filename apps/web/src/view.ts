/**
 * Puts a state on the screen. Whatever a server or a person wrote goes in as text, never as markup.
 *
 * @since 0.1.0
 */
import { button, element, rich } from "./element.ts"
import type { Failed, Failure, Paired, State } from "./state.ts"
import * as Text from "./text.ts"
import { text } from "./text.ts"
import { tokenForm } from "./tokenField.ts"

/** What a person can ask for. */
export interface Actions {
  readonly token: (token: string) => void
  readonly retry: () => void
  readonly signOut: () => void
  readonly anotherToken: () => void
}

interface Screen {
  /** Sets the sign above the heading. */
  readonly mood: "bad" | "busy" | "good" | "plain"
  readonly heading: string
  readonly content: ReadonlyArray<Node>
}

const paragraph = (line: string, className = ""): HTMLElement => element("p", { className }, ...rich(line))

const command = (line: string): ReadonlyArray<Node> => [
  element("p", { className: "lead" }, text.type),
  element("pre", { className: "command" }, element("code", {}, line))
]

const labelOf = (paired: Paired): string => paired.environment.label || location.host

const details = ({ expiresIn, session }: Paired): HTMLElement =>
  element(
    "dl",
    {},
    element("dt", {}, text.deviceName),
    element("dd", {}, session.device.label),
    element("dt", {}, text.can),
    element(
      "dd",
      {},
      element("ul", {}, ...session.scopes.map((scope) => element("li", {}, ...rich(Text.right(scope)))))
    ),
    element("dt", {}, text.ends),
    element("dd", {}, Text.lapse(expiresIn, session.expiresAt))
  )

const says = (failure: Failure): ReadonlyArray<Node> => {
  const line = Text.serverSays(failure)
  return line === undefined ? [] : [element("p", { className: "says" }, line)]
}

const busy = (heading: string): Screen => ({ content: [], heading, mood: "busy" })

const ask = (heading: string, body: string, actions: Actions): Screen => ({
  content: [paragraph(body), ...command(Text.newLinkCommand), tokenForm("", actions.token)],
  heading,
  mood: "plain"
})

const paired = (state: Extract<State, { _tag: "Paired" }>, actions: Actions): Screen => {
  const { paired, notice } = state
  const { role } = paired.session
  const fresh = paired.expiresIn !== undefined
  return {
    content: [
      ...(notice === undefined ? [] : [paragraph(text.pairedNotice(Text.failure(notice._tag).title), "says")]),
      details(paired),
      paragraph(text.pairedBody, "hint"),
      button(text.signOut, "secondary", actions.signOut)
    ],
    heading: fresh ? text.paired(role, labelOf(paired)) : text.pairedAlready(role, labelOf(paired)),
    mood: "good"
  }
}

const setWait = (retry: HTMLButtonElement, wait = 0): void => {
  retry.disabled = wait > 0
  retry.textContent = wait > 0 ? text.tryAgainIn(wait) : text.tryAgain
}

const wayOut = (state: Failed, actions: Actions): ReadonlyArray<Node> => {
  if (state.retry === undefined) {
    return [tokenForm(state.failure._tag === "PairingUnknown" ? state.attempt?.token ?? "" : "", actions.token)]
  }
  const retry = button(text.tryAgain, "primary", actions.retry)
  setWait(retry, state.wait)
  return state.retry._tag === "SignOut"
    ? [retry]
    : [retry, button(text.anotherToken, "secondary", actions.anotherToken)]
}

const failed = (state: Failed, actions: Actions): Screen => {
  const words = Text.failure(state.failure._tag)
  return {
    content: [
      paragraph(words.body),
      ...(words.command === undefined ? [] : command(words.command)),
      ...says(state.failure),
      ...wayOut(state, actions)
    ],
    heading: words.title,
    mood: "bad"
  }
}

const toScreen = (state: State, actions: Actions): Screen => {
  switch (state._tag) {
    case "Checking":
      return busy(text.checking)
    case "Exchanging":
      return busy(text.exchanging)
    case "SigningOut":
      return busy(text.signingOut)
    case "Asking":
      return ask(text.asking, text.askingBody, actions)
    case "SignedOut":
      return ask(text.signedOut, text.signedOutBody(labelOf(state.paired)), actions)
    case "Paired":
      return paired(state, actions)
    case "Failed":
      return failed(state, actions)
  }
}

const isLoopback = (hostname: string): boolean => /^(?:localhost|.+\.localhost|127(?:\.\d+){3}|\[::1\])$/.test(hostname)

const isSameFailure = (before: State | undefined, after: State): after is Failed =>
  before?._tag === "Failed" && after._tag === "Failed" && before.failure === after.failure && after.retry !== undefined

/** The screen of one document. */
export const make = (document: Document, actions: Actions) => {
  const page = document.querySelector("main")
  const status = document.querySelector("[role=status]")
  const footer = document.querySelector("footer")
  const exposed = location.protocol === "http:" && !isLoopback(location.hostname)
  footer?.replaceChildren(...(exposed ? [paragraph(text.transport)] : []))
  let before: State | undefined

  const draw = (screen: Screen): void => {
    const heading = element("h1", { tabIndex: -1 }, screen.heading)
    page?.replaceChildren(element("div", { className: `sign ${screen.mood}` }), heading, ...screen.content)
    document.title = text.title(screen.heading)
    // A screen reader hears of work from the status line, and of a result by being taken to its heading.
    status?.replaceChildren(screen.mood === "busy" ? screen.heading : "")
    if (screen.mood !== "busy" && before !== undefined) heading.focus()
  }

  return {
    /** Shows a state. Where only a countdown went on, nothing but its button is touched. */
    show: (state: State): void => {
      const retry = page?.querySelector<HTMLButtonElement>("button.primary")
      if (isSameFailure(before, state) && retry) {
        setWait(retry, state.wait)
        if (!retry.disabled) status?.replaceChildren(text.tryAgainNow)
      } else draw(toScreen(state, actions))
      before = state
    }
  }
}
