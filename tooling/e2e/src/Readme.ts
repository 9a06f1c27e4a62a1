/** Reads a Markdown file as its reader does: commands, what they print, and where its links lead. */

/** A fenced block, what the comment above it says of it, and the output that stands below it. */
export interface Block {
  readonly language: string
  readonly text: string
  /** `run`, or `run: until ready`; empty without a comment. */
  readonly note: string
  /** The block of plain text that follows at once. */
  readonly output: string | undefined
}

const fence = /(?:<!-- (.+?) -->\s*)?^```(\w+)\n([\s\S]*?)^```$/gm

/** All fenced blocks, in their order. */
export const blocksOf = (markdown: string): ReadonlyArray<Block> => {
  const found = Array.from(markdown.matchAll(fence), (match) => {
    const [whole, note = "", language = "", text = ""] = match
    return { end: match.index + whole.length, language, note, start: match.index, text }
  })
  return found.map(({ end, language, note, text }, index) => {
    const next = found[index + 1]
    const follows = next?.language === "text" && markdown.slice(end, next.start).trim() === ""
    return { language, note, output: follows ? next.text : undefined, text }
  })
}

/** The links to files of the repository, without their anchors. */
export const linksOf = (markdown: string): ReadonlyArray<string> =>
  Array.from(markdown.matchAll(/\]\(([^)#]+)(?:#[^)]*)?\)/g), ([, target = ""]) => target)
    .filter((target) => !/^[a-z]+:/.test(target))

const id = /\b[0-9a-hjkmnp-tv-z]{12}\b/g

/** The ids in a text, in their order, each once. */
export const idsOf = (text: string): ReadonlyArray<string> => [...new Set(text.match(id))]

/** What differs from run to run made the same: ids, times, tokens, ports, and the width of columns. */
export const masked = (text: string): string =>
  text
    .replace(/\b[0-9A-Z]{4}(?:-[0-9A-Z]{4}){2}\b/g, "<token>")
    .replace(/#t=[0-9A-Z]{12}\b/g, "#t=<token>")
    .replace(/\d{4}-\d\d-\d\d \d\d:\d\d(?::\d\d)?Z/g, "<time>")
    .replace(/127\.0\.0\.1:\d+/g, "127.0.0.1:<port>")
    .replace(id, "<id>")
    .replace(/\bcli, \w+/g, "cli, <os>")
    .replace(/[ \t\r]+/g, " ")
    .trim()
