/** A pseudo-terminal and what a person, or a camera, would see on it. */
import { type IPty, spawn } from "@lydell/node-pty"
import xterm from "@xterm/headless"
import jsQR from "jsqr"
import * as Program from "./Program.ts"

/** Colours that a theme gives to text which sets none. */
export const themes = {
  dark: { background: 0x1e, foreground: 0xd4 },
  light: { background: 0xff, foreground: 0x33 }
} as const

type Theme = (typeof themes)[keyof typeof themes]

/** A program in a terminal window. */
export interface Screen {
  readonly pty: IPty
  /** The lines that are visible now. */
  readonly lines: () => ReadonlyArray<string>
  /** Everything that came, escape sequences included. */
  readonly raw: () => string
  /** Waits until what came matches. */
  readonly until: (pattern: RegExp) => Promise<void>
  /** What a camera reads off the screen. */
  readonly scan: (theme: Theme) => string | undefined
  readonly ended: Promise<number>
}

/** Grey of the few colours of the 256-colour palette that matter here: 0 to 255, or undefined for one that a theme may change. */
const grey = (index: number): number | undefined => index === 16 ? 0 : index === 231 ? 255 : undefined

const halves: Readonly<Record<string, readonly [upper: boolean, lower: boolean]>> = {
  " ": [false, false],
  "": [false, false],
  "▀": [true, false],
  "▄": [false, true],
  "█": [true, true]
}

/** Pixels of one module: a cell is twice as high as it is wide. */
const side = 6

const photograph = (terminal: xterm.Terminal, theme: Theme): Uint8ClampedArray => {
  const width = terminal.cols * side
  const pixels = new Uint8ClampedArray(width * terminal.rows * 2 * side * 4).fill(255)
  const fill = (left: number, top: number, value: number): void => {
    for (let y = top; y < top + side; y++) {
      for (let x = left; x < left + side; x++) pixels.fill(value, (y * width + x) * 4, (y * width + x) * 4 + 3)
    }
  }
  for (let row = 0; row < terminal.rows; row++) {
    const line = terminal.buffer.active.getLine(terminal.buffer.active.viewportY + row)
    for (let column = 0; column < terminal.cols; column++) {
      const cell = line?.getCell(column)
      const set = (isPalette: boolean | undefined, color: number | undefined, fallback: number) =>
        (isPalette === true ? grey(color ?? 0) : undefined) ?? fallback
      const foreground = set(cell?.isFgPalette(), cell?.getFgColor(), theme.foreground)
      const background = set(cell?.isBgPalette(), cell?.getBgColor(), theme.background)
      const [upper, lower] = halves[cell?.getChars() ?? ""] ?? [true, false]
      fill(column * side, row * 2 * side, upper ? foreground : background)
      fill(column * side, (row * 2 + 1) * side, lower ? foreground : background)
    }
  }
  return pixels
}

/** How long what a program wrote before it ended may take to arrive, in milliseconds. */
const lastWords = 500

/** Runs a command in a terminal of that size. */
export const open = (
  command: readonly [string, ...Array<string>],
  size: { readonly columns: number; readonly rows: number },
  env: NodeJS.ProcessEnv = {}
): Screen => {
  const [program, ...args] = command
  const terminal = new xterm.Terminal({ allowProposedApi: true, cols: size.columns, rows: size.rows })
  const pty = spawn(program, args, {
    cols: size.columns,
    env: Program.cleanEnv({ TERM: "xterm-256color", ...env }),
    rows: size.rows
  })
  let raw = ""
  const waiting = new Set<() => void>()
  const lines = () =>
    Array.from(
      { length: terminal.rows },
      (_, row) => terminal.buffer.active.getLine(terminal.buffer.active.viewportY + row)?.translateToString(true) ?? ""
    )
  pty.onData((data) => {
    raw += data
    terminal.write(data, () => waiting.forEach((check) => check()))
  })
  return {
    ended: new Promise((resolve) => pty.onExit(({ exitCode }) => resolve(exitCode))),
    lines,
    pty,
    raw: () => raw,
    // Dark on light only: many readers do not know an inverted code.
    scan: (theme) =>
      jsQR.default(photograph(terminal, theme), terminal.cols * side, terminal.rows * 2 * side, {
        inversionAttempts: "dontInvert"
      })?.data,
    until: (pattern) =>
      new Promise((resolve, reject) => {
        const check = () => {
          if (!pattern.test(raw)) return
          waiting.delete(check)
          resolve()
        }
        pty.onExit(({ exitCode }) =>
          // Its last words may come after the news of its end.
          setTimeout(() => {
            check()
            reject(new Error(`ended with ${exitCode}:\n${lines().join("\n")}`))
          }, lastWords)
        )
        waiting.add(check)
        check()
      })
  }
}
