/**
 * Makes elements without markup in strings: what goes in is text.
 *
 * @since 0.1.0
 */

/** An element with properties and children; a string child becomes a text node. */
export const element = <Name extends keyof HTMLElementTagNameMap>(
  name: Name,
  properties: Partial<HTMLElementTagNameMap[Name]> = {},
  ...children: ReadonlyArray<Node | string>
): HTMLElementTagNameMap[Name] => {
  const made = Object.assign(document.createElement(name), properties)
  made.append(...children)
  return made
}

/** A line of the catalogue: what stands between backticks becomes code. */
export const rich = (line: string): ReadonlyArray<Node | string> =>
  line.split("`").map((part, index) => index % 2 === 1 ? element("code", {}, part) : part)

/** A button that does not submit. */
export const button = (label: string, className: string, onClick: () => void): HTMLButtonElement => {
  const made = element("button", { className, type: "button" }, label)
  made.addEventListener("click", onClick)
  return made
}
