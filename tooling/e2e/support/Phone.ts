/** A phone's browser, on a machine of its own, with an eye on all that it sends, keeps and complains of. */
import { chmodSync, mkdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { type Browser, type BrowserContext, chromium, type ConsoleMessage, type Page } from "playwright-core"
import { assert, onTestFinished } from "vitest"
import * as Program from "../src/Program.ts"
import type { Machine } from "./Machine.ts"

/** A browser with nothing stored in it. */
export interface Phone {
  readonly context: BrowserContext
  readonly page: Page
  /** Another tab. */
  readonly tab: () => Promise<Page>
  /** Where a page was each time when it called `fetch`. */
  readonly fetchedAt: ReadonlyArray<string>
  /** What was sent, all of it: method, address, headers and body. */
  readonly sent: () => Promise<ReadonlyArray<string>>
}

/** Android's, on a phone. */
const userAgent =
  "Mozilla/5.0 (Linux; Android 15; Pixel 9) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/150.0.0.0 Mobile Safari/537.36"

const screens = fileURLToPath(new URL("../.reports/screens", import.meta.url))

/** Chromium on that machine, and how to end it. */
export const launch = async (
  on: Machine
): Promise<{ readonly browser: Browser; readonly close: () => Promise<void> }> => {
  const { path, remove } = Program.temporaryFolder()
  const executablePath = join(path, "chromium")
  writeFileSync(executablePath, `#!/bin/sh\nexec ${on.wrapper.join(" ")} /usr/bin/chromium "$@"\n`)
  chmodSync(executablePath, 0o700)
  const browser = await chromium.launch({ args: ["--no-sandbox", "--disable-dev-shm-usage"], executablePath })
  return {
    browser,
    close: async () => {
      await browser.close()
      remove()
    }
  }
}

/** What the API refuses or never gets is for the page to tell, and the browser puts it on its console too. */
const isExpected = (message: ConsoleMessage): boolean =>
  // Our page asks no other origin: that is another page's.
  message.text().includes("CORS policy") ||
  /^WebSocket connection to '[^']+\/ws' failed: /.test(message.text()) ||
  (message.text().startsWith("Failed to load resource: ") && /\/api\/(session|ws-ticket)$/.test(message.location().url))

/** A new browser of the size of a small phone. The test fails if anything in it reports an error. */
export const phone = async (browser: Browser): Promise<Phone> => {
  const context = await browser.newContext({
    deviceScaleFactor: 2,
    hasTouch: true,
    isMobile: true,
    userAgent,
    viewport: { height: 740, width: 360 }
  })
  context.setDefaultTimeout(8_000)
  const problems: Array<string> = []
  const fetchedAt: Array<string> = []
  const sent: Array<Promise<string>> = []
  onTestFinished(async () => {
    await context.close()
    assert.deepStrictEqual(problems, [])
  })
  context.on("weberror", (error) => problems.push(String(error.error())))
  context.on("console", (message) => {
    if (message.type() === "error" && !isExpected(message)) problems.push(message.text())
  })
  context.on("request", (request) => {
    const headers = request.allHeaders().catch(() => ({}))
    const body = request.postData() ?? ""
    sent.push(headers.then((all) => `${request.method()} ${request.url()}\n${JSON.stringify(all)}\n${body}`))
  })
  await context.exposeBinding("t3Fetched", (_, at: string) => void fetchedAt.push(at))
  await context.exposeBinding("t3Violated", (_, what: string) => void problems.push(what))
  await context.addInitScript(() => {
    const { t3Fetched, t3Violated } = window as unknown as Record<string, (text: string) => void>
    const { fetch } = window
    window.fetch = (...args) => {
      t3Fetched?.(location.href)
      return fetch(...args)
    }
    addEventListener(
      "securitypolicyviolation",
      (event) => t3Violated?.(`${event.violatedDirective} ${event.blockedURI}`)
    )
  })
  return {
    context,
    fetchedAt,
    page: await context.newPage(),
    sent: () => Promise.all(sent),
    tab: () => context.newPage()
  }
}

/** Waits until the page has that heading, and gives its text as a person reads it. */
export const sees = async (page: Page, heading: string): Promise<string> => {
  await page.getByRole("heading", { exact: true, level: 1, name: heading }).waitFor()
  return (await page.locator("main").innerText()).replace(/\n{2,}/g, "\n").replace(/[A-Z][a-z]+ \d+, \d{4}/, "<day>")
}

/** Waits until the page has stopped working, and gives its heading. */
export const settled = async (page: Page): Promise<string> => {
  await page.locator(".sign:not(.busy)").waitFor()
  return page.getByRole("heading", { level: 1 }).innerText()
}

/** Types a token and sends it. */
export const type = async (page: Page, token: string): Promise<void> => {
  await page.getByLabel("Pairing token").fill("")
  await page.getByLabel("Pairing token").pressSequentially(token)
  await page.getByRole("button", { exact: true, name: "Pair" }).tap()
}

/** Keeps pictures of the page in both colour schemes, and checks that it fits and can be hit with a thumb. */
export const shoot = async (page: Page, name: string): Promise<void> => {
  mkdirSync(screens, { recursive: true })
  for (const colorScheme of ["light", "dark"] as const) {
    await page.emulateMedia({ colorScheme })
    await page.screenshot({ fullPage: true, path: join(screens, `${name}-${colorScheme}.png`) })
  }
  assert.isAtMost(await page.evaluate(() => document.documentElement.scrollWidth), 360, `${name} is too wide`)
  for (const control of await page.locator("button, input").all()) {
    assert.isAtLeast((await control.boundingBox())?.height ?? 0, 44, `${name} has a control too small for a thumb`)
  }
}
