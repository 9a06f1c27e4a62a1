/**
 * Reads the pairing token, from a link's fragment or as a person types it, before anything is sent.
 *
 * @since 0.1.0
 */
import * as Crockford from "@t3/protocol/Crockford"

/** Symbols in a pairing token. */
const length = 12

/** What a text is, as a pairing token. `stray` are the characters that no token has. */
export type Reading =
  | { readonly _tag: "Token"; readonly token: string }
  | { readonly _tag: "Short"; readonly count: number }
  | { readonly _tag: "Long"; readonly count: number }
  | { readonly _tag: "Stray"; readonly stray: string }
  | { readonly _tag: "Link" }

/** Reads what a person typed: any case, spaces and dashes anywhere. */
export const read = (text: string): Reading => {
  if (text.includes("://") || text.includes("#t=")) return { _tag: "Link" }
  const canonical = Crockford.normalize(text)
  const stray = [...new Set([...canonical].filter((symbol) => !Crockford.isCanonical(symbol)))].join(" ")
  if (stray !== "") return { _tag: "Stray", stray }
  if (canonical.length === length) return { _tag: "Token", token: canonical }
  return { _tag: canonical.length < length ? "Short" : "Long", count: canonical.length }
}

/** What a link's fragment holds: nothing of ours, one token, or something that is no token. */
export type Fragment = "none" | "damaged" | { readonly token: string }

/** Reads `#t=…`. */
export const fromFragment = (hash: string): Fragment => {
  const tokens = new URLSearchParams(hash.replace(/^#/, "")).getAll("t")
  if (tokens.length === 0) return "none"
  const reading = read(tokens[0] ?? "")
  return tokens.length === 1 && reading._tag === "Token" ? { token: reading.token } : "damaged"
}

/** The spelling for people, as far as it is typed: `XXXX-XXXX-XXXX`. */
export const format = (text: string): string => Crockford.normalize(text).replace(/(.{4})(?=.)/gu, "$1-")

/**
 * The field after a key was pressed: its text in groups of four, and the caret behind the same symbol as before.
 * A text that is no token (a pasted link, a stray sign) is left as it is, so that a person can see and correct it.
 */
export const retype = (text: string, caret: number): { readonly text: string; readonly caret: number } => {
  const reading = read(text)
  if (reading._tag === "Link" || reading._tag === "Stray") return { caret, text }
  const before = Crockford.normalize(text.slice(0, caret)).length
  return { caret: before + Math.max(0, Math.ceil(before / 4) - 1), text: format(text) }
}
