/** Cookies are shared by all ports of a host and by all tabs: who else is there can neither ride a session nor mix two up. */
import { spawn } from "node:child_process"
import { once } from "node:events"
import { assert, beforeAll, describe, expect, it, onTestFinished } from "vitest"
import { ownHome } from "../support/Home.ts"
import { phone, sees, settled, shoot } from "../support/Phone.ts"
import * as Stage from "../support/Stage.ts"

let stage: Stage.Stage

beforeAll(async () => {
  stage = await Stage.build()
  return stage.remove
})

const paired = "Paired as owner with my-workstation"
const pairedAlready = "This device is paired as owner with my-workstation"

/** Somebody's dev server on another port of the machine. */
const neighbour = async (): Promise<string> => {
  const [host] = stage.server.addresses
  const [command, ...args] = stage.server.wrapper
  const program = `require("http").createServer((_, response) =>
    response.setHeader("content-type", "text/html").end("<h1>dev</h1>")).listen(5173, "${host}", () => console.log("up"))`
  const child = spawn(command, [...args, process.execPath, "--eval", program])
  onTestFinished(async () => {
    child.kill()
    await once(child, "close")
  })
  await once(child.stdout, "data")
  return `http://${host}:5173/`
}

describe("two tabs that pair at once", () => {
  it("end with one session or with an error of their own, never with a mix", async () => {
    const { here } = stage
    for (let round = 0; round < 3; round++) {
      const { context, page, tab } = await phone(stage.browser)
      const other = await tab()
      const [one, two] = [await here.link(), await here.link()]
      await Promise.all([page.goto(one.pairingLink), other.goto(two.pairingLink)])
      await Promise.all([settled(page), settled(other)])
      await page.reload()
      const first = await settled(page)
      await other.reload()
      const second = await settled(other)
      const lost = first === "This device has lost its session" && second === "Pair this device"
      assert.isTrue(lost || (first === pairedAlready && second === pairedAlready), `${first} | ${second}`)
      await context.close()
    }
  })

  it("are told when the cookie belongs to the other", async () => {
    const { here } = stage
    const { context, page } = await phone(stage.browser)
    await page.goto((await here.link()).pairingLink)
    await sees(page, paired)
    const cookies = await context.cookies()
    await context.clearCookies()
    await page.goto((await here.link()).pairingLink)
    await sees(page, paired)
    await context.addCookies(cookies)
    await page.reload()
    expect(await sees(page, "This device has lost its session")).toMatchInlineSnapshot(`
      "This device has lost its session
      The browser’s cookie and this page’s memory belong to two different sessions: two tabs paired at once, or something else on this address wrote over the cookie. Make a new link on the machine.
      Type on the machine:
      t3 auth pairing create
      Pairing token
      12 characters. Case, spaces and dashes do not matter.
      Pair"
    `)
    await shoot(page, "session-conflict")
    await page.goto((await here.link()).pairingLink)
    await sees(page, paired)
  })
})

describe("two servers on one host (design 9.9)", () => {
  it("do not sign each other's browser out", async () => {
    const { here } = stage
    const there = ownHome(stage.server, 3774)
    await there.start()
    const { context, page } = await phone(stage.browser)
    for (const { pairingLink } of [await here.link(), await there.link()]) {
      await page.goto(pairingLink)
      await sees(page, paired)
    }
    assert.lengthOf(await context.cookies(), 2)
    for (const { address } of [here, there, here]) {
      await page.goto(`${address}/pair`)
      await sees(page, pairedAlready)
    }
    await page.getByRole("button", { name: "Sign out" }).tap()
    await sees(page, "This device is signed out")
    await page.goto(`${there.address}/pair`)
    await sees(page, pairedAlready)
  })
})

describe("a page on another port of the same host (design 9.12)", () => {
  it("cannot ride the session, whose cookie the browser sends along", async () => {
    const { here } = stage
    const { context, page, tab } = await phone(stage.browser)
    await page.goto((await here.link()).pairingLink)
    await sees(page, paired)
    const evil = await tab()
    await evil.goto(await neighbour())
    const api = `${here.address}/api/session`
    const tried = async (init: RequestInit) => {
      // What the page cannot see: what its request carried, and how it was answered.
      const wire = await context.newCDPSession(evil)
      await wire.send("Network.enable")
      const exchange = new Promise<{ readonly cookie: string | undefined; readonly status: number }>((resolve) => {
        const cookies = new Map<string, string | undefined>()
        const statuses = new Map<string, number>()
        const match = (id: string) => {
          const status = statuses.get(id)
          if (cookies.has(id) && status !== undefined) resolve({ cookie: cookies.get(id), status })
        }
        wire.on("Network.requestWillBeSentExtraInfo", ({ headers, requestId }) => {
          // The browser may be asking the page's own server for an icon at the same time.
          if (headers["Host"] === new URL(api).host) cookies.set(requestId, headers["Cookie"])
          match(requestId)
        })
        wire.on("Network.responseReceivedExtraInfo", ({ requestId, statusCode }) => {
          statuses.set(requestId, statusCode)
          match(requestId)
        })
      })
      const outcome = await evil.evaluate(
        ([url, options]) => fetch(url, options).then((got) => `${got.type} ${got.status}`, String),
        [api, init] as const
      )
      const { cookie, status } = await exchange
      await wire.detach()
      return { outcome, sentCookie: cookie?.startsWith("t3_"), status }
    }
    assert.deepStrictEqual(await tried({ credentials: "include" }), {
      outcome: "TypeError: Failed to fetch",
      sentCookie: true,
      status: 403
    })
    assert.deepStrictEqual(await tried({ credentials: "include", mode: "no-cors" }), {
      outcome: "TypeError: Failed to fetch",
      sentCookie: true,
      status: 401
    })
    assert.deepStrictEqual(await tried({ body: "{}", credentials: "include", method: "POST", mode: "no-cors" }), {
      outcome: "TypeError: Failed to fetch",
      sentCookie: true,
      status: 403
    })
    await page.reload()
    await sees(page, pairedAlready)
  })
})
