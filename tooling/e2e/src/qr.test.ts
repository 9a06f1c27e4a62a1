/** The QR code as `t3 serve` draws it in a real terminal, read back by an independent decoder. */
import { afterEach, assert, beforeEach, describe, it } from "vitest"
import * as Program from "./Program.ts"
import * as Screen from "./Screen.ts"

let folder: ReturnType<typeof Program.temporaryFolder>
const open: Array<Screen.Screen> = []

beforeEach(() => {
  folder = Program.temporaryFolder()
})

afterEach(async () => {
  for (const screen of open.splice(0)) {
    screen.pty.kill("SIGTERM")
    await screen.ended
  }
  folder.remove()
})

const serve = (
  advertised: string,
  size = { columns: 80, rows: 24 },
  env: NodeJS.ProcessEnv = {}
): Screen.Screen => {
  const args = [
    "serve",
    "--port",
    "0",
    "--base-dir",
    folder.path,
    "--host",
    "127.0.0.1",
    "--advertise-host",
    advertised
  ]
  const screen = Screen.open([process.execPath, Program.file, ...args], size, env)
  open.push(screen)
  return screen
}

/** The link on the screen, put together again where the terminal wrapped it. */
const linkOf = (screen: Screen.Screen) =>
  /Pairing link +(http\S+)/.exec(screen.raw())?.[1] ?? assert.fail(`no link in:\n${screen.lines().join("\n")}`)

/** The quiet zone below the code is the last thing that is printed. */
const drawn = (screen: Screen.Screen) => screen.until(/[█▀▄][^\n]*\n(?:\S* {37,}\S*\r\n){2}$/)

describe("QR code", () => {
  for (const [name, theme] of Object.entries(Screen.themes)) {
    it(`is decoded to exactly the printed link in 80×24 on a ${name} background`, async () => {
      const screen = serve("192.168.100.200")
      await drawn(screen)
      assert.strictEqual(screen.scan(theme), linkOf(screen))
    })
  }

  it("leaves an IPv4 link and all its lines on one screen of 80×24 (design 9.16)", async () => {
    const screen = serve("192.168.100.200")
    await drawn(screen)
    const lines = screen.lines()
    assert.match(lines[0] ?? "", /^T3 is ready: /)
    assert.match(lines[1] ?? "", /^Connection string {2}http:\/\/192\.168\.100\.200:\d+$/)
    assert.match(
      lines[2] ?? "",
      /^Pairing token {6}(?:[0-9A-Z]{4}-){2}[0-9A-Z]{4} {3}owner · expires in 5 min · works once$/
    )
    assert.strictEqual(lines[3], `Pairing link       ${linkOf(screen)}`)
    assert.strictEqual(lines.slice(4, 23).filter((line) => line.trimEnd().length <= 37).length, 19)
    assert.strictEqual(lines[23], "")
  })

  it("says the whole text where there is room for it", async () => {
    const screen = serve("192.168.100.200", { columns: 120, rows: 40 })
    await drawn(screen)
    assert.match(screen.lines()[2] ?? "", /works once · treat it like a password$/)
    assert.strictEqual(screen.scan(Screen.themes.dark), linkOf(screen))
  })

  it("stands alone and last where it does not fit together with the text", async () => {
    const screen = serve("a-machine-with-a-long-name.a-tailnet-with-a-long-name.ts.net", { columns: 80, rows: 24 })
    await drawn(screen)
    assert.strictEqual(screen.scan(Screen.themes.light), linkOf(screen))
    assert.notMatch(screen.lines()[0] ?? "", /^T3 is ready/)
  })

  it("is left out, with a word on why, where the terminal is too small", async () => {
    const screen = serve("192.168.100.200", { columns: 36, rows: 60 })
    await screen.until(/No QR code: this terminal is too small for it \(37 columns, 20 rows\)\.\r\n$/)
    assert.notMatch(screen.raw(), /[█▀▄]/)
  })

  it("is left out where NO_COLOR is set or the terminal is dumb", async () => {
    for (const env of [{ NO_COLOR: "1" }, { TERM: "dumb" }]) {
      const screen = serve("192.168.100.200", { columns: 80, rows: 24 }, env)
      await screen.until(/No QR code: colours are switched off\.\r\n$/)
      assert.notInclude(screen.raw(), "\u001b[")
      screen.pty.kill("SIGTERM")
      await screen.ended
    }
  })
})
