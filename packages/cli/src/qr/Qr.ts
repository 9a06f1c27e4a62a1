/**
 * A QR code for a terminal, black on white whatever the theme: a camera needs the contrast and the quiet zone, and
 * the printer of the `qrcode` package has neither.
 *
 * @since 0.1.0
 */
import { create } from "qrcode"

/** Modules of white around the code (ISO/IEC 18004). */
const quietZone = 4

/** Black and white of the 256-colour palette, which themes leave alone. */
const black = 16
const white = 231
const line = (cells: string): string => `\u001b[38;5;${black};48;5;${white}m${cells}\u001b[0m`

/** What to print, and the space it takes. */
export interface Qr {
  readonly text: string
  readonly columns: number
  readonly rows: number
}

/** Two modules a cell, one above the other. */
const glyph = (upper: boolean, lower: boolean): string => upper ? (lower ? "█" : "▀") : (lower ? "▄" : " ")

/** Draws `content` with error correction level L: a screen is not smudged, and a smaller code is easier to scan. */
export const draw = (content: string): Qr => {
  const { data, size } = create(content, { errorCorrectionLevel: "L" }).modules
  const columns = size + 2 * quietZone
  const rows = Math.ceil(columns / 2)
  const isDark = (x: number, y: number): boolean => x >= 0 && y >= 0 && x < size && y < size && data[y * size + x] === 1
  const row = (index: number): string =>
    Array.from({ length: columns }, (_, column) => {
      const x = column - quietZone
      const y = 2 * index - quietZone
      return glyph(isDark(x, y), isDark(x, y + 1))
    }).join("")
  return { columns, rows, text: Array.from({ length: rows }, (_, index) => line(row(index))).join("\n") }
}
