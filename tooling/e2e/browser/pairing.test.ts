/** A phone pairs at `/pair` over plain HTTP, and the token is nowhere afterwards. */
import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { assert, beforeAll, describe, expect, it } from "vitest"
import { ownHome } from "../support/Home.ts"
import { phone, sees, shoot, type } from "../support/Phone.ts"
import * as Stage from "../support/Stage.ts"

let stage: Stage.Stage

beforeAll(async () => {
  stage = await Stage.build()
  return stage.remove
})

/** All ways to write a token. */
const spellings = (token: string) => {
  const bare = token.replaceAll("-", "")
  return [token, bare, token.toLowerCase(), bare.toLowerCase()]
}

/** Every file of a folder as text, byte for byte. */
const contents = (path: string): ReadonlyArray<string> =>
  readdirSync(path, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => readFileSync(join(entry.parentPath, entry.name), "latin1"))

const paired = "Paired as owner with my-workstation"
const pairedAlready = "This device is paired as owner with my-workstation"

describe("pairing by link", () => {
  it("takes the token out of the address bar before anything is sent, and pairs", async () => {
    const here = ownHome(stage.server, 3774)
    const server = await here.start()
    const { pairingLink, pairingToken } = await here.link()
    const { context, fetchedAt, page, sent } = await phone(stage.browser)
    await page.goto("about:blank")
    await page.goto(pairingLink)
    assert.isFalse(await page.evaluate(() => isSecureContext))
    expect(await sees(page, paired)).toMatchInlineSnapshot(`
      "Paired as owner with my-workstation
      Shown on the machine as
      Android phone
      It can
      see the machine’s name, version and addresses
      see its projects
      add, rename and remove projects
      see which devices and links have access
      make links for other devices and sign devices out
      Access ends
      After 30 days without use. Every use extends it.
      You can close this page: this browser stays paired. On the machine, t3 auth session list shows it.
      Sign out"
    `)
    await shoot(page, "paired")

    assert.deepStrictEqual(fetchedAt, [`${here.address}/pair`])
    assert.strictEqual(page.url(), `${here.address}/pair`)
    assert.strictEqual(await page.evaluate(() => history.length), 2)
    await page.goBack()
    assert.strictEqual(page.url(), "about:blank")
    await page.goForward()
    await sees(page, pairedAlready)
    assert.strictEqual(page.url(), `${here.address}/pair`)

    const holds = (text: string) => spellings(pairingToken).some((spelling) => text.includes(spelling))
    const carriers = (await sent()).filter(holds)
    assert.lengthOf(carriers, 1)
    assert.match(carriers[0] ?? "", /^POST http:\/\/10\.77\.3\.1:3774\/api\/session\n[^\n]*\n\{/)
    assert.isFalse(holds(carriers[0]?.split("\n").slice(0, 2).join("\n") ?? ""))
    const kept = await page.evaluate(() =>
      JSON.stringify([{ ...localStorage }, { ...sessionStorage }, document.referrer, document.cookie, history.state])
    )
    assert.isFalse(holds(kept), kept)
    assert.isFalse(holds(await page.content()))
    assert.isFalse(holds(JSON.stringify(await context.cookies())))
    assert.deepStrictEqual((await sent()).filter((request) => /"referer":"[^"]/i.test(request)), [])

    await server.stop()
    const { stderr, stdout } = server.output()
    const files = contents(here.baseDir)
    assert.isAtLeast(files.length, 2)
    assert.deepStrictEqual([stdout, stderr, ...files].filter(holds), [])
    const [cookie] = await context.cookies()
    const half = Object.values(await page.evaluate(() => ({ ...localStorage })))
    for (const secret of [cookie?.value ?? assert.fail("no cookie"), ...half]) {
      assert.deepStrictEqual([stdout, stderr, ...files].filter((text) => text.includes(secret)), [])
    }
  })

  it("keeps one half where no script can read it, and takes neither half alone (design 9.9)", async () => {
    const { here } = stage
    const { context, page } = await phone(stage.browser)
    await page.goto((await here.link()).pairingLink)
    await sees(page, paired)
    const [cookie, ...others] = await context.cookies()
    assert.deepStrictEqual(others, [])
    const { httpOnly, name, sameSite, secure, value } = cookie ?? assert.fail("no cookie")
    assert.deepStrictEqual({ httpOnly, sameSite, secure }, { httpOnly: true, sameSite: "Strict", secure: false })
    const half = await page.evaluate((key) => localStorage.getItem(key), name) ?? assert.fail("no half")
    const url = `${here.address}/api/session`
    const ask = async (headers: Record<string, string>) => (await stage.device.ask({ headers, url })).status
    assert.strictEqual(await ask({ cookie: `${name}=${value}` }), 401)
    assert.strictEqual(await ask({ "t3-session": half }), 401)
    assert.strictEqual(await ask({ authorization: `Bearer ${half}`, cookie: `${name}=${value}` }), 401)
    assert.strictEqual(await ask({ authorization: "Basic eDp5", cookie: `${name}=${value}`, "t3-session": half }), 401)
    assert.strictEqual(await ask({ cookie: `${name}=${value}`, "t3-session": half }), 200)
  })

  it("is still paired after a reload, after a restart of the server, and in the list of the machine", async () => {
    const here = ownHome(stage.server, 3774)
    const server = await here.start()
    const { page } = await phone(stage.browser)
    await page.goto((await here.link()).pairingLink)
    await sees(page, paired)
    await page.reload()
    await sees(page, pairedAlready)
    await shoot(page, "paired-already")
    await server.stop()
    await here.start()
    await page.reload()
    await sees(page, pairedAlready)
    const sessions = await here.sessions()
    expect(sessions.map(({ device, role }) => [device.label, role])).toMatchInlineSnapshot(`
        [
          [
            "Android phone",
            "owner",
          ],
        ]
      `)
  })

  it("takes a second link of a paired device as a new session of the same device", async () => {
    const { here } = stage
    const { page } = await phone(stage.browser)
    const before = await here.sessions()
    for (const { pairingLink } of [await here.link(), await here.link()]) {
      await page.goto(pairingLink)
      await sees(page, paired)
    }
    assert.lengthOf(await here.sessions(), before.length + 1)
  })
})

describe("an answer that is lost on the way", () => {
  it("is asked for again, which costs nobody the link", async () => {
    const { here } = stage
    const { context, page } = await phone(stage.browser)
    const before = await here.sessions()
    await context.route("**/api/session", (route) => route.fetch().then(() => route.abort()), { times: 1 })
    await page.goto((await here.link()).pairingLink)
    await sees(page, paired)
    assert.lengthOf(await here.sessions(), before.length + 1)
  })

  it("is asked for again by a reload", async () => {
    const { here } = stage
    const { context, page } = await phone(stage.browser)
    const before = await here.sessions()
    const answered = new Promise((resolve) =>
      void context.route("**/api/session", (route) => route.fetch().then(resolve), { times: 1 })
    )
    await page.goto((await here.link()).pairingLink)
    await sees(page, "Pairing this device…")
    await shoot(page, "pairing")
    await answered
    await page.reload()
    await sees(page, paired)
    assert.deepStrictEqual(await page.evaluate(() => Object.keys(sessionStorage)), [])
    assert.lengthOf(await here.sessions(), before.length + 1)
  })
})

describe("pairing by typing", () => {
  it("takes a token in any case, with spaces, dashes or nothing between", async () => {
    const { here } = stage
    const spelt = [
      (token: string) => token,
      (token: string) => ` ${token.toLowerCase().replaceAll("-", " ")} `,
      (token: string) => token.replaceAll("-", "").replaceAll("0", "o").replaceAll("1", "l")
    ]
    for (const spell of spelt) {
      const { context, page } = await phone(stage.browser)
      await page.goto(`${here.address}/pair`)
      await sees(page, "Pair this device")
      const { pairingToken } = await here.link()
      await type(page, spell(pairingToken))
      await sees(page, paired)
      await context.close()
    }
  })

  it("says what is missing before anything is sent", async () => {
    const { here } = stage
    const { fetchedAt, page } = await phone(stage.browser)
    await page.goto(here.address)
    expect(await sees(page, "Pair this device")).toMatchInlineSnapshot(`
      "Pair this device
      Scan the QR code or open the link that the machine shows, or type its token here. It works for a few minutes; the machine makes a new one when you ask it.
      Type on the machine:
      t3 auth pairing create
      Pairing token
      12 characters. Case, spaces and dashes do not matter.
      Pair"
    `)
    await shoot(page, "asking")
    const before = fetchedAt.length
    await type(page, "K7QX-2M")
    assert.strictEqual(await page.locator("#token-problem").innerText(), "That is 6 of 12 characters.")
    assert.strictEqual(await page.getByLabel("Pairing token").inputValue(), "K7QX-2M")
    await shoot(page, "asking-short")
    await type(page, `${here.address}/pair#t=K7QX2M9PHTRD`)
    assert.match(await page.locator("#token-problem").innerText(), /^That is a whole link\./)
    assert.lengthOf(fetchedAt, before)
  })
})

describe("signing out", () => {
  it("ends the session here and on the machine", async () => {
    const { here } = stage
    const { page } = await phone(stage.browser)
    const before = await here.sessions()
    await page.goto((await here.link()).pairingLink)
    await sees(page, paired)
    await page.getByRole("button", { name: "Sign out" }).tap()
    expect(await sees(page, "This device is signed out")).toMatchInlineSnapshot(`
      "This device is signed out
      It no longer has access to my-workstation. To come back, make a new link on the machine.
      Type on the machine:
      t3 auth pairing create
      Pairing token
      12 characters. Case, spaces and dashes do not matter.
      Pair"
    `)
    await shoot(page, "signed-out")
    assert.deepStrictEqual(await page.evaluate(() => Object.keys(localStorage)), [])
    assert.deepStrictEqual(await here.sessions(), before)
    await page.reload()
    await sees(page, "Pair this device")
  })
})
