import { assert, describe, it } from "@effect/vitest"
import { ConnectionString } from "@t3/protocol"
import { Either } from "effect"
import * as SecureAddress from "./SecureAddress.ts"

const parse = (text: string) => Either.getOrThrow(ConnectionString.parse(text))

describe("SecureAddress", () => {
  it("tells addresses of this machine from those that only look like it", () => {
    const loopback = ["localhost", "t3.localhost", "127.1", "[::1]", "http://[::ffff:127.0.0.1]", "https://localhost"]
    for (const text of loopback) assert.isTrue(SecureAddress.isLoopback(parse(text)), text)
    const others = ["127.example.com", "localhost.example.com", "100.64.0.7", "192.168.1.20", "https://example.com"]
    for (const text of others) assert.isFalse(SecureAddress.isLoopback(parse(text)), text)
  })

  it.each([
    "https://example.com",
    "localhost",
    "LOCALHOST:80",
    "t3.localhost",
    "localhost.",
    "127.0.0.1:4000",
    "127.1",
    "http://2130706433",
    "[::1]",
    "http://[0:0:0:0:0:0:0:1]:3773",
    "http://[::ffff:127.0.0.1]",
    "100.64.0.7",
    "100.127.255.255",
    "http://[::ffff:100.64.0.1]",
    "http://[fd7a:115c:a1e0::1]",
    "http://[FD7A:115C:A1E0:0:1:2:3:4]/t3",
    "box.tail1234.ts.net",
    "box.tail1234.ts.net."
  ])("lets a secret go to %s", (text) => {
    assert.isTrue(SecureAddress.isSecure(parse(text)))
  })

  it.each([
    "192.168.1.20",
    "10.0.0.1",
    "0.0.0.0",
    "100.63.255.255",
    "100.128.0.0",
    "128.0.0.1",
    "http://[::ffff:192.168.1.1]",
    "http://[::ffff:100.128.0.1]",
    "http://[fd7a:115c:a1e1::1]",
    "http://[fd7a:115c::1]",
    "http://[::]",
    "http://[::2]",
    "http://example.com",
    "localhost.example.com",
    "notlocalhost",
    "127.0.0.1.example.com",
    "100.64.0.7.example.com",
    "evil-ts.net.example.com",
    "fakets.net",
    "ts.net"
  ])("keeps secrets from %s unless a person allows it", (text) => {
    const address = parse(text)
    const refused = SecureAddress.check(address, {})
    assert.isTrue(Either.isLeft(refused) && refused.left._tag === "InsecureAddress")
    assert.isTrue(Either.isLeft(SecureAddress.check(address, { allowInsecure: false })))
    assert.isTrue(Either.isRight(SecureAddress.check(address, { allowInsecure: true })))
  })
})
