/** Puts a sign for what differs from run to run, as wide as it was, so that columns stay where they were. */

const masks: ReadonlyArray<readonly [pattern: RegExp, sign: string]> = [
  [/\b(?:[0-9A-HJKMNP-TV-Z]{4}-){2}[0-9A-HJKMNP-TV-Z]{4}\b/g, "<token>"],
  [/#t=[0-9A-HJKMNP-TV-Z]{12}\b/g, "#t=<token>"],
  [/\b\d{4}-\d\d-\d\d \d\d:\d\dZ/g, "<time>"],
  [/\b[0-9a-hjkmnp-tv-z]{12}\b/g, "<id>"]
]

/** The text with tokens, times and ids masked. */
export const mask = (text: string): string =>
  masks.reduce((masked, [pattern, sign]) => masked.replace(pattern, (found) => sign.padEnd(found.length)), text)
    .replace(/ +$/gm, "")
