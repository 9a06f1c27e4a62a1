/**
 * Crockford's base32, as text only: the alphabet and the reading rules shared by server, CLI and page.
 * Nothing is imported, so that the pairing page can use it for nothing.
 *
 * @see https://www.crockford.com/base32.html
 * @since 0.1.0
 */

/** The 32 symbols: digits and capitals without I, L, O and U. */
export const alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

/**
 * Brings what a person typed to the canonical spelling: capitals, O read as 0, I and L as 1, white space and dashes
 * of any kind dropped. Characters outside the alphabet stay, for the caller to refuse.
 */
export const normalize = (text: string): string =>
  text
    .replace(/[\s\p{Pd}]+/gu, "")
    // Not `toUpperCase`, which makes letters of others: ß → SS.
    .replace(/[a-z]/g, (letter) => letter.toUpperCase())
    .replace(/O/g, "0")
    .replace(/[IL]/g, "1")

/** Whether every character is one of the 32 symbols. */
export const isCanonical = (text: string): boolean => /^[0-9A-HJKMNP-TV-Z]+$/.test(text)
