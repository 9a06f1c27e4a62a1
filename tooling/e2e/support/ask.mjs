/** One HTTP request, from wherever this is started: the argument says which, stdout what came back. Both are JSON. */
import { request } from "node:http"

const { headers, method, url } = JSON.parse(process.argv[2] ?? "")
const print = (/** @type {unknown} */ answer) => process.stdout.write(JSON.stringify(answer))

request(url, { headers, method, timeout: 5_000 }, (response) => {
  let body = ""
  response.setEncoding("utf8").on("data", (text) => body += text)
  response.on("end", () => print({ body, headers: response.headers, status: response.statusCode }))
})
  .on("timeout", function() {
    this.destroy(Object.assign(new Error("no answer"), { code: "ETIMEDOUT" }))
  })
  .on("error", (error) => print({ code: "code" in error ? error.code : error.message }))
  .end()
