/** A session that cannot be kept: nothing is sent where that is known before, and nothing lives on where it is not. */
import { existsSync, mkdirSync, readdirSync, rmdirSync } from "node:fs"
import { createServer, request, type ServerResponse } from "node:http"
import { join } from "node:path"
import { afterEach, assert, beforeEach, describe, it } from "vitest"
import * as Program from "./Program.ts"

let folder: ReturnType<typeof Program.temporaryFolder>
let server: Program.Served
const ends: Array<() => unknown> = []

beforeEach(async () => {
  folder = Program.temporaryFolder()
  server = await Program.serve(["--base-dir", join(folder.path, "here")])
})

afterEach(async () => {
  for (const end of ends.splice(0)) end()
  await server.stop("SIGKILL")
  folder.remove()
})

const there = () => join(folder.path, "there")
const file = () => join(there(), "environments.json")

/** What lies in the way of the file. */
const obstruct = (): void => void mkdirSync(file(), { mode: 0o700, recursive: true })

const sessions = async (): Promise<ReadonlyArray<unknown>> => {
  const here = join(folder.path, "here")
  const { stdout } = await Program.t3(["auth", "session", "list", "--json", "--base-dir", here])
  return JSON.parse(stdout).items
}

/** Something between device and server that steps in when a token has been exchanged, before the device knows. */
const between = async (onExchanged: (pass: () => void) => void): Promise<string> => {
  const proxy = createServer((incoming, outgoing: ServerResponse) => {
    const { headers, method, url } = incoming
    const onward = request(new URL(url ?? "/", server.address), { headers, method }, (answer) => {
      const pass = (): void => {
        outgoing.writeHead(answer.statusCode ?? 500, answer.headers)
        answer.pipe(outgoing)
      }
      if (url === "/oauth/token") onExchanged(pass)
      else pass()
    })
    incoming.pipe(onward)
  })
  await new Promise<void>((resolve) => proxy.listen(0, "127.0.0.1", resolve))
  ends.push(() => {
    proxy.closeAllConnections()
    proxy.close()
  })
  const address = proxy.address()
  const port = typeof address === "object" ? address?.port : undefined
  return server.link.replace(server.address, `http://127.0.0.1:${port}`)
}

const connect = (link: string) => Program.t3(["connect", "-", "--base-dir", there()], { input: link })

describe("connect, where a session cannot be kept", () => {
  it("sends nothing if the file is in no state to be replaced, so the link still works", async () => {
    obstruct()
    const refused = await connect(server.link)
    assert.strictEqual(refused.code, 1, refused.stderr)
    assert.match(refused.stderr, /^t3: \S+environments\.json cannot be read \(EISDIR\)\.\n {4}\S/)
    assert.deepStrictEqual(await sessions(), [])
    rmdirSync(file())
    assert.strictEqual((await connect(server.link)).code, 0)
    assert.deepStrictEqual(readdirSync(there()), ["environments.json"], "no trace of the proof")
  })

  it("sends nothing if there is no room beside the file", async () => {
    const wrapper = ["sh", "-c", "ulimit -f 0; exec \"$@\"", "sh"]
    const refused = await Program.t3(["connect", "-", "--base-dir", there()], { input: server.link, wrapper })
    assert.strictEqual(refused.code, 1, refused.stderr)
    assert.match(refused.stderr, /^t3: \S+environments\.json cannot be written \(EFBIG\)\.\n {4}\S/)
    assert.isFalse(existsSync(there()))
    assert.strictEqual((await connect(server.link)).code, 0)
  })

  it("ends the new session if it cannot be saved after all, and says that the link is spent", async () => {
    const link = await between((pass) => {
      obstruct()
      pass()
    })
    const refused = await connect(link)
    assert.strictEqual(refused.code, 1, refused.stderr)
    assert.match(refused.stderr, /cannot be read \(EISDIR\)\. The link is spent, and the new session at \S+ was ended/)
    assert.match(refused.stderr, /\n {4}.*t3 auth pairing create/)
    assert.deepStrictEqual(await sessions(), [])
  })

  it("saves the session all the same if Ctrl-C comes between exchange and file", async () => {
    const child: { pid?: number } = {}
    const link = await between((pass) => {
      process.kill(child.pid ?? assert.fail("not started"), "SIGINT")
      setTimeout(pass, 300)
    })
    const { code, stderr } = await Program.t3(["connect", "-", "--base-dir", there()], {
      input: link,
      onStart: (pid) => child.pid = pid
    })
    assert.strictEqual(code, 130)
    assert.match(stderr, /finishing what was begun/)
    assert.strictEqual((await sessions()).length, 1)
    assert.isTrue(existsSync(file()))
  })
})
