/** The live connection as a phone's browser has it: over plain HTTP, under the page's own policy, until it is revoked. */
import type { Page } from "playwright-core"
import { assert, beforeAll, describe, it } from "vitest"
import { phone, sees } from "../support/Phone.ts"
import * as Stage from "../support/Stage.ts"

let stage: Stage.Stage

beforeAll(async () => {
  stage = await Stage.build()
  return stage.remove
})

/** A paired page and the headers that its requests carry beside the cookie. */
const pairedPage = async () => {
  const { context, page } = await phone(stage.browser)
  await page.goto((await stage.here.link()).pairingLink)
  await sees(page, "Paired as owner with my-workstation")
  const half = await page.evaluate(() => Object.values({ ...localStorage }).find((text) => text.includes("t3b_")))
  const storage = /t3b_\w+/.exec(half ?? "")?.[0] ?? assert.fail("no storage half")
  return { context, page, storage }
}

/** What the page itself does: a ticket, a socket, an event stream; then all that comes, as lines. */
const listen = (page: Page, storage: string) =>
  page.evaluate(async (half) => {
    const lines: Array<string> = []
    Object.assign(window, { lines })
    const answer = await fetch("/api/ws-ticket", { headers: { "t3-session": half }, method: "POST" })
    const { ticket } = await answer.json()
    const socket = new WebSocket(`ws://${location.host}/ws`, ["t3.rpc.v1", `t3.ticket.${ticket}`])
    await new Promise((resolve, reject) => {
      socket.addEventListener("open", resolve)
      socket.addEventListener("error", () => reject(new Error("refused")))
    })
    lines.push(`open ${socket.protocol}`)
    socket.addEventListener("close", ({ code, reason }) => lines.push(`close ${code} ${reason}`))
    socket.addEventListener("message", ({ data }) => {
      const { _tag, values = [] } = JSON.parse(data)
      if (_tag === "Chunk") socket.send(JSON.stringify({ _tag: "Ack", requestId: "1" }))
      for (const item of values) lines.push([item._tag, item.entry?.event].filter(Boolean).join(" "))
    })
    socket.send(JSON.stringify({ _tag: "Request", headers: [], id: "1", payload: {}, tag: "events.follow" }))
    return ticket as string
  }, storage)

const lines = (page: Page) => page.evaluate(() => (window as unknown as { lines: Array<string> }).lines)

const until = (page: Page, line: string) =>
  page.waitForFunction((wanted) => (window as unknown as { lines: Array<string> }).lines.includes(wanted), line)

/** How opening a socket ends in the page, which learns no more than that. */
const refused = (page: Page, protocols: ReadonlyArray<string>) =>
  page.evaluate(
    (offered) =>
      new Promise<number>((resolve) => {
        new WebSocket(`ws://${location.host}/ws`, offered).addEventListener("close", ({ code }) => resolve(code))
      }),
    [...protocols]
  )

const revokeNewest = async (): Promise<string> => {
  const [session] = await stage.here.sessions()
  return stage.here.owner("auth", "session", "revoke", session?.id ?? assert.fail("no session"), "--json")
}

describe("a page that listens", () => {
  it("opens a socket with a ticket, hears of what is decided, and is cut off with the reason", async () => {
    const { page, storage } = await pairedPage()
    await listen(page, storage)
    await until(page, "Position")
    await stage.here.link()
    await until(page, "Access pairing.issued")
    assert.strictEqual(JSON.parse(await revokeNewest()).connectionsClosed, 1)
    await until(page, "close 4401 SessionRevoked")
    assert.deepStrictEqual((await lines(page)).slice(0, 2), ["open t3.rpc.v1", "Position"])
  })

  it("reads the same events as a stream", async () => {
    const { page, storage } = await pairedPage()
    const text = page.evaluate(async (half) => {
      const answer = await fetch("/api/events", { headers: { "t3-session": half } })
      const reader = answer.body?.pipeThrough(new TextDecoderStream()).getReader()
      let all = ""
      while (!all.includes("pairing.issued")) all += (await reader?.read())?.value ?? ""
      await reader?.cancel()
      return all
    }, storage)
    while (!(await Promise.race([text.then(() => true), stage.here.link().then(() => false)]))) continue
    assert.match(await text, /^id: \w{12}:\d+\nevent: Position\n/)
  })
})

describe("a page that may not listen", () => {
  it("is refused before the socket opens, and is told why when it asks for another ticket", async () => {
    const { context, page, storage } = await pairedPage()
    const ticket = await listen(page, storage)
    assert.strictEqual(await refused(page, ["t3.rpc.v1", `t3.ticket.${ticket}`]), 1006)
    assert.strictEqual(await refused(page, ["t3.rpc.v1"]), 1006)
    await revokeNewest()
    await until(page, "close 4401 SessionRevoked")
    const reason = await page.evaluate(async (half) => {
      const answer = await fetch("/api/ws-ticket", { headers: { "t3-session": half }, method: "POST" })
      return [answer.status, (await answer.json())._tag]
    }, storage)
    assert.deepStrictEqual(reason, [401, "SessionRevoked"])
    await context.close()
  })
})
