/**
 * What every figure is held against: `node:http`, an HMAC check, and one token spent in SQLite (WAL, synchronous=FULL).
 * Prints its port when it listens. Argument: the database file.
 */
import Sqlite from "better-sqlite3"
import { createHash, createHmac, createSecretKey, randomBytes } from "node:crypto"
import { createServer } from "node:http"

const db = new Sqlite(process.argv[2] ?? ":memory:")
db.pragma("journal_mode = WAL")
db.pragma("synchronous = FULL")
db.exec("CREATE TABLE tokens (hash TEXT PRIMARY KEY, used INTEGER NOT NULL); CREATE TABLE sessions (hash TEXT)")
const key = createSecretKey(randomBytes(32))
const issue = db.prepare("INSERT INTO tokens VALUES (?, 0)")
const spend = db.prepare("UPDATE tokens SET used = 1 WHERE hash = ? AND used = 0")
const begin = db.prepare("INSERT INTO sessions VALUES (?)")
const hash = (/** @type {string} */ text) => createHash("sha256").update(text).digest("base64url")
const sign = (/** @type {string} */ text) => createHmac("sha256", key).update(text).digest("base64url")

const exchange = db.transaction((/** @type {string} */ token) => {
  if (spend.run(hash(token)).changes !== 1) {
    return undefined
  }
  const session = randomBytes(32).toString("base64url")
  begin.run(hash(session))
  return `${session}.${sign(session)}`
})

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
      return void response.end(exchange(body) ?? "no")
    }
    const [session = "", signature] = (request.headers.authorization ?? "").slice(7).split(".")
    response.statusCode = sign(session) === signature ? 200 : 401
    response.end("{}")
  })
})
server.listen(0, "127.0.0.1", () => console.log(JSON.stringify(server.address())))
process.on("SIGTERM", () => process.exit(0))
