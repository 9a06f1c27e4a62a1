import { assert, describe, it } from "@effect/vitest"
import { hostname } from "node:os"
import { allowsHost, allowsOrigin, namesOf } from "./HostRule.ts"

const names = namesOf(["Box.Example.", "203.0.113.9", "[fd7a:115c:a1e0::7]"])

const lan = { localAddress: "192.168.1.20", localPort: 3773 }
const lan6 = { localAddress: "fd00::20", localPort: 3773 }
/** How a listener for every interface sees a v4 connection. */
const mapped = { localAddress: "::ffff:192.168.1.20", localPort: 3773 }

describe("the Host of a request", () => {
  it.each([
    ["192.168.1.20:3773", lan],
    ["192.168.1.20:3773", mapped],
    ["192.168.276:3773", lan],
    ["[::ffff:192.168.1.20]:3773", lan],
    ["[fd00::20]:3773", lan6],
    ["[FD00:0::0020]:3773", lan6],
    ["box.example:3773", lan],
    ["BOX.example.:3773", lan],
    ["203.0.113.9:3773", lan],
    ["[fd7a:115c:a1e0:0::7]:3773", lan],
    [`${hostname()}:3773`, lan],
    [`${hostname().toUpperCase()}.:3773`, lan],
    ["localhost:3773", lan],
    ["localhost:8080", lan],
    ["localhost", lan],
    ["LOCALHOST.:1", lan],
    ["app.localhost:8080", lan],
    ["127.0.0.1:8080", lan],
    ["127.1:8080", lan],
    ["[::1]:8080", lan]
  ])("12: may be %s", (host, arrival) => assert.isTrue(allowsHost(names, arrival, host)))

  it.each([
    // Any name can be made to lead here by its owner (DNS rebinding).
    "evil.example:3773",
    "127.0.0.1.evil.example:3773",
    "192.168.1.20.evil.example:3773",
    "localhost.evil.example:3773",
    "notlocalhost:3773",
    "box.example.evil.example:3773",
    "sub.box.example:3773",
    // The right host, another port.
    "192.168.1.20:3774",
    "192.168.1.20",
    "box.example",
    "box.example:80",
    // An address of somebody else, or of another listener.
    "192.168.1.21:3773",
    "[fd00::21]:3773",
    "0.0.0.0:3773",
    "[::]:3773",
    // No Host at all, or more than one thing in it.
    "",
    " ",
    ":3773",
    "localhost:",
    "localhost:99999",
    "localhost:-1",
    "localhost:3773:3773",
    "localhost:3773, evil.example",
    "localhost evil.example",
    "localhost/evil",
    "user@localhost",
    "http://localhost",
    "[::1",
    "::1",
    "[fe80::1%25eth0]:3773",
    "[]",
    "[:::]:3773",
    "localhost\u0000"
  ])("12: may not be %j", (host) => assert.isFalse(allowsHost(names, lan, host)))
})

describe("the Origin of a request", () => {
  it.each([
    ["http://192.168.1.20:3773", "192.168.1.20:3773"],
    ["http://box.example:3773", "BOX.example.:3773"],
    ["http://localhost", "localhost:80"],
    ["http://[::1]:8080", "[::1]:8080"]
  ])("12: may be %s for the Host %s", (origin, host) => assert.isTrue(allowsOrigin(origin, host)))

  it.each([
    "null",
    "",
    "https://localhost:3773",
    "http://localhost",
    "http://localhost:5173",
    "http://127.0.0.1:3773",
    "http://evil.example:3773",
    "http://localhost:3773.evil.example",
    "http://localhost:3773@evil.example",
    "http://localhost:3773/",
    "http://localhost:3773 http://evil.example",
    "file://",
    "chrome-extension://abcdefgh",
    "HTTP://localhost:3773x"
  ])(
    "12: may not be %j for the Host localhost:3773",
    (origin) => assert.isFalse(allowsOrigin(origin, "localhost:3773"))
  )
})
