/**
 * The field for a pairing token: takes any spelling, groups it in fours, and says what is wrong while one types.
 *
 * @since 0.1.0
 */
import { element } from "./element.ts"
import { text } from "./text.ts"
import * as Token from "./token.ts"

/** What to say of a text in the field; `asked` is whether the person thinks that it is complete. */
const problemOf = (value: string, asked: boolean): string => {
  const reading = Token.read(value)
  switch (reading._tag) {
    case "Token":
      return ""
    case "Link":
      return text.fieldLink
    case "Stray":
      return text.fieldStray(reading.stray)
    case "Long":
      return text.fieldLong(reading.count)
    case "Short":
      if (reading.count === 0) return asked ? text.fieldEmpty : ""
      return asked ? text.fieldShort(reading.count) : ""
  }
}

const makeInput = (value: string): HTMLInputElement => {
  const input = element("input", {
    autocapitalize: "characters",
    autocomplete: "off",
    enterKeyHint: "go",
    id: "token",
    name: "token",
    placeholder: "XXXX-XXXX-XXXX",
    required: true,
    spellcheck: false,
    type: "text",
    value: Token.format(value)
  })
  input.setAttribute("autocorrect", "off")
  input.setAttribute("aria-describedby", "token-hint token-problem")
  return input
}

/** A form that hands on a whole token, and nothing else. */
export const tokenForm = (value: string, onToken: (token: string) => void): HTMLFormElement => {
  const input = makeInput(value)
  const problem = element("p", { className: "problem", id: "token-problem" })
  problem.setAttribute("aria-live", "polite")
  const judge = (asked: boolean): void => {
    problem.textContent = problemOf(input.value, asked)
    input.setAttribute("aria-invalid", String(problem.textContent !== ""))
  }
  input.addEventListener("input", (event) => {
    if (event instanceof InputEvent && event.isComposing) return
    const retyped = Token.retype(input.value, input.selectionStart ?? input.value.length)
    if (retyped.text !== input.value) {
      input.value = retyped.text
      input.setSelectionRange(retyped.caret, retyped.caret)
    }
    judge(false)
  })
  const form = element(
    "form",
    { noValidate: true },
    element("label", { htmlFor: "token" }, text.fieldLabel),
    input,
    element("p", { className: "hint", id: "token-hint" }, text.fieldHint),
    problem,
    element("button", { className: "primary", type: "submit" }, text.pair)
  )
  form.addEventListener("submit", (event) => {
    event.preventDefault()
    const reading = Token.read(input.value)
    if (reading._tag === "Token") return onToken(reading.token)
    judge(true)
    input.focus()
  })
  return form
}
