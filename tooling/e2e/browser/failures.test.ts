/** Whatever goes wrong, the page says exactly what, and what to type on the machine. */
import { assert, beforeAll, describe, expect, it } from "vitest"
import { ownHome } from "../support/Home.ts"
import { phone, sees, shoot, type } from "../support/Phone.ts"
import * as Stage from "../support/Stage.ts"

let stage: Stage.Stage

beforeAll(async () => {
  stage = await Stage.build()
  return stage.remove
})

const paired = "Paired as owner with my-workstation"

/** The server, and a phone that is new to it. */
const scene = async () => ({ here: stage.here, ...await phone(stage.browser) })

describe("a link that does not work (design 9.4)", () => {
  it("has expired", async () => {
    const { here, page } = await scene()
    const { pairingLink } = await here.link("--ttl", "1s")
    await new Promise((resolve) => setTimeout(resolve, 1_100))
    await page.goto(pairingLink)
    expect(await sees(page, "This pairing link has expired")).toMatchInlineSnapshot(`
      "This pairing link has expired
      A link works for a few minutes only. Make a new link on the machine.
      Type on the machine:
      t3 auth pairing create
      Pairing token
      12 characters. Case, spaces and dashes do not matter.
      Pair"
    `)
    await shoot(page, "link-expired")
    assert.deepStrictEqual(await page.evaluate(() => Object.keys(sessionStorage)), [])
    // There is a way out on the page itself.
    await type(page, (await here.link()).pairingToken)
    await sees(page, paired)
  })

  it("was used, by another device or by this one", async () => {
    const { here, page } = await scene()
    const { pairingLink } = await here.link()
    await page.goto(pairingLink)
    await sees(page, paired)
    await page.goto("about:blank")
    await page.goto(pairingLink)
    expect(await sees(page, "This device is paired as owner with my-workstation")).toMatchInlineSnapshot(`
      "This device is paired as owner with my-workstation
      This pairing link was already used, but that does not matter: this device was paired before.
      Shown on the machine as
      Android phone
      It can
      see the machine’s name, version and addresses
      see its projects
      add, rename and remove projects
      see which devices and links have access
      make links for other devices and sign devices out
      Access ends
      On <day>, unless it is used before. Every use extends it.
      You can close this page: this browser stays paired. On the machine, t3 auth session list shows it.
      Sign out"
    `)
    await shoot(page, "link-used-by-this-device")

    const another = await phone(stage.browser)
    await another.page.goto(pairingLink)
    expect(await sees(another.page, "This pairing link was already used")).toMatchInlineSnapshot(`
      "This pairing link was already used
      A link works once. To pair this device, make a new one on the machine. If it was not you who used this one, look at t3 auth session list there and revoke what you do not know.
      Type on the machine:
      t3 auth pairing create
      Pairing token
      12 characters. Case, spaces and dashes do not matter.
      Pair"
    `)
    await shoot(another.page, "link-used")
  })

  it("was revoked", async () => {
    const { here, page } = await scene()
    const { id, pairingLink } = await here.link()
    await here.owner("auth", "pairing", "revoke", id)
    await page.goto(pairingLink)
    expect(await sees(page, "This pairing link was revoked")).toMatchInlineSnapshot(`
      "This pairing link was revoked
      Somebody took it back on the machine before it was used. Make a new link on the machine.
      Type on the machine:
      t3 auth pairing create
      Pairing token
      12 characters. Case, spaces and dashes do not matter.
      Pair"
    `)
    await shoot(page, "link-revoked")
  })

  it("is unknown, such as for a typing mistake, which can be corrected", async () => {
    const { here, page } = await scene()
    const { pairingToken } = await here.link()
    const last = pairingToken.at(-1) === "X" ? "Y" : "X"
    await page.goto(`${here.address}/pair`)
    await sees(page, "Pair this device")
    await type(page, `${pairingToken.slice(0, -1)}${last}`)
    expect(await sees(page, "No pairing link has this token")).toMatchInlineSnapshot(`
      "No pairing link has this token
      Check it for a typing mistake, and that this is the machine that shows it. If it is right, it is too old: make a new one.
      Type on the machine:
      t3 auth pairing create
      Pairing token
      12 characters. Case, spaces and dashes do not matter.
      Pair"
    `)
    await shoot(page, "token-unknown")
    const field = page.getByLabel("Pairing token")
    assert.strictEqual(await field.inputValue(), `${pairingToken.slice(0, -1)}${last}`)
    await field.press("End")
    await field.press("Backspace")
    await field.pressSequentially(pairingToken.slice(-1))
    await page.getByRole("button", { exact: true, name: "Pair" }).tap()
    await sees(page, paired)
  })

  it("is damaged, and is then not sent", async () => {
    const { fetchedAt, here, page } = await scene()
    for (const fragment of ["#t=K7QX2M9PHT", "#t=", "#t=K7QX2M9PHTRU", "#t=K7QX2M9PHTRD&t=K7QX2M9PHTRD"]) {
      await page.goto("about:blank")
      await page.goto(`${here.address}/pair${fragment}`)
      await sees(page, "This pairing link is damaged")
      assert.strictEqual(page.url(), `${here.address}/pair`)
    }
    expect(await sees(page, "This pairing link is damaged")).toMatchInlineSnapshot(`
      "This pairing link is damaged
      The token in it is not whole. Open the link from its start to its end, scan the QR code again, or type the token below. Or make a new link on the machine.
      Type on the machine:
      t3 auth pairing create
      Pairing token
      12 characters. Case, spaces and dashes do not matter.
      Pair"
    `)
    await shoot(page, "link-damaged")
    assert.deepStrictEqual(fetchedAt, [])
  })
})

describe("a server that does not answer", () => {
  it("is told apart, and the token works when the server is back", async () => {
    const here = ownHome(stage.server, 3774)
    const server = await here.start()
    const { page } = await phone(stage.browser)
    const { pairingToken } = await here.link()
    await page.goto(`${here.address}/pair`)
    await sees(page, "Pair this device")
    await server.stop()
    await type(page, pairingToken)
    expect(await sees(page, "The machine does not answer")).toMatchInlineSnapshot(`
      "The machine does not answer
      Check that the machine is on, and that this device is in the same network or tailnet. Nothing is lost: you can try again. If T3 does not run there, start it.
      Type on the machine:
      t3 serve
      Try again
      Use another token"
    `)
    await shoot(page, "server-unreachable")
    await here.start()
    await page.getByRole("button", { name: "Try again" }).tap()
    await sees(page, paired)
    assert.deepStrictEqual(await page.evaluate(() => Object.keys(sessionStorage)), [])
  })
})

describe("a session that has ended", () => {
  it("was revoked on the machine", async () => {
    const { here, page } = await scene()
    await page.goto((await here.link()).pairingLink)
    await sees(page, paired)
    const [session] = await here.sessions()
    await here.owner("auth", "session", "revoke", session?.id ?? "")
    await page.reload()
    expect(await sees(page, "This device was signed out")).toMatchInlineSnapshot(`
      "This device was signed out
      Its session was revoked, on the machine or by this device itself. To come back, make a new link on the machine.
      Type on the machine:
      t3 auth pairing create
      Pairing token
      12 characters. Case, spaces and dashes do not matter.
      Pair"
    `)
    await shoot(page, "session-revoked")
    await page.reload()
    await sees(page, "Pair this device")
  })

  it("was revoked while the page was open: signing out says so", async () => {
    const { here, page } = await scene()
    await page.goto((await here.link()).pairingLink)
    await sees(page, paired)
    const [session] = await here.sessions()
    await here.owner("auth", "session", "revoke", session?.id ?? "")
    await page.getByRole("button", { name: "Sign out" }).tap()
    await sees(page, "This device was signed out")
  })

  it("has lost its cookie", async () => {
    const { context, here, page } = await scene()
    await page.goto((await here.link()).pairingLink)
    await sees(page, paired)
    await context.clearCookies()
    await page.reload()
    expect(await sees(page, "The machine does not know this device")).toMatchInlineSnapshot(`
      "The machine does not know this device
      The session is not on file there, or this browser has lost its cookie. Make a new link on the machine.
      Type on the machine:
      t3 auth pairing create
      Pairing token
      12 characters. Case, spaces and dashes do not matter.
      Pair"
    `)
    await shoot(page, "session-unknown")
  })
})
