/**
 * What every figure is held against: `node:http`, an HMAC check, one look-up in SQLite (WAL, synchronous=FULL), and `ws` on
 * the same port, whose sockets echo. Prints its port when it listens. Argument: the database file.
 */
import Sqlite from "better-sqlite3"
import { createHash, createHmac, createSecretKey, randomBytes } from "node:crypto"
import { createServer } from "node:http"
import { WebSocketServer } from "ws"

const db = new Sqlite(process.argv[2] ?? ":memory:")
db.pragma("journal_mode = WAL")
db.pragma("synchronous = FULL")
db.exec(`CREATE TABLE tokens (hash TEXT PRIMARY KEY, used INTEGER NOT NULL);
  CREATE TABLE sessions (hash TEXT PRIMARY KEY, revoked INTEGER NOT NULL)`)
const key = createSecretKey(randomBytes(32))
const issue = db.prepare("INSERT INTO tokens VALUES (?, 0)")
const spend = db.prepare("UPDATE tokens SET used = 1 WHERE hash = ? AND used = 0")
const begin = db.prepare("INSERT INTO sessions VALUES (?, 0)")
const find = db.prepare("SELECT hash, revoked FROM sessions WHERE hash = ?")
const end = db.prepare("UPDATE sessions SET revoked = 1 WHERE hash = ? AND revoked = 0")
const hash = (/** @type {string} */ text) => createHash("sha256").update(text).digest("base64url")
const sign = (/** @type {string} */ text) => createHmac("sha256", key).update(text).digest("base64url")

const startSession = () => {
  const session = randomBytes(32).toString("base64url")
  begin.run(hash(session))
  return `${session}.${sign(session)}`
}

const exchange = db.transaction((/** @type {string} */ token) =>
  spend.run(hash(token)).changes === 1 ? startSession() : undefined
)

/** @typedef {{ hash: string, revoked: number }} Row */

/** The session that a token stands for. @param {string} token @returns {Row | undefined} */
const check = (token) => {
  const [session = "", signature] = token.split(".")
  if (sign(session) !== signature) {
    return undefined
  }
  const row = /** @type {Row | undefined} */ (find.get(hash(session)))
  return row?.revoked === 0 ? row : undefined
}

/** @typedef {import("ws").WebSocket} WebSocket */

/** The sockets of each session. @type {Map<string, Set<WebSocket>>} */
const open = new Map()

/** Ends a session and closes its sockets. @param {string} token */
const revoke = (token) => {
  const id = hash(token.split(".")[0] ?? "")
  end.run(id)
  for (const socket of open.get(id) ?? []) {
    socket.close(4401)
  }
}

const server = createServer((request, response) => {
  if (request.url === "/health") {
    return void response.end("{\"ok\":true}")
  }
  let body = ""
  request.setEncoding("utf8").on("data", (text) => body += text).on("end", () => {
    if (request.url === "/issue") {
      const token = randomBytes(8).toString("hex")
      issue.run(hash(token))
      return void response.end(token)
    }
    if (request.url === "/exchange") {
      const token = exchange(body)
      response.statusCode = token === undefined ? 400 : 200
      return void response.end(token)
    }
    if (request.url === "/login") {
      return void response.end(startSession())
    }
    const session = check((request.headers.authorization ?? "").slice(7))
    response.statusCode = session === undefined ? 401 : 200
    if (session !== undefined && request.url === "/revoke") {
      revoke(body)
    }
    response.setHeader("content-type", "application/json")
    response.end(JSON.stringify(session ?? {}))
  })
})

/** The sockets that asked for the stream. @type {Set<WebSocket>} */
const following = new Set()

const sockets = new WebSocketServer({ clientTracking: false, noServer: true, perMessageDeflate: false })
server.on("upgrade", (request, tcp, head) => {
  const row = check(request.headers["sec-websocket-protocol"]?.split(", ")[1] ?? "")
  if (row === undefined) {
    return void tcp.end("HTTP/1.1 401 Unauthorized\r\ncontent-length: 0\r\n\r\n")
  }
  sockets.handleUpgrade(request, tcp, head, (socket) => {
    const own = open.get(row.hash) ?? new Set()
    open.set(row.hash, own.add(socket))
    socket.on("error", () => undefined)
    socket.on("close", () => {
      own.delete(socket)
      following.delete(socket)
    })
    socket.on("message", (data) => {
      if (String(data) === "follow") {
        following.add(socket)
      }
      socket.send(String(data))
    })
  })
})
setInterval(() => following.forEach((socket) => socket.send("{\"event\":\"something\"}")), 50).unref()

server.listen(0, "127.0.0.1", () => console.log(JSON.stringify(server.address())))
process.on("SIGTERM", () => process.exit(0))
