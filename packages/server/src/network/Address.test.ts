import { assert, describe, it } from "@effect/vitest"
import { Option } from "effect"
import * as Address from "./Address.ts"

const read = (text: string) => Option.getOrUndefined(Address.parse(text))

describe("Address", () => {
  it.each([
    ["127.0.0.1", "127.0.0.1", "loopback"],
    ["127.1", "127.0.0.1", "loopback"],
    ["0x7f.1", "127.0.0.1", "loopback"],
    ["0x7f.0.0.1", "127.0.0.1", "loopback"],
    ["2130706433", "127.0.0.1", "loopback"],
    ["0177.0.0.1", "127.0.0.1", "loopback"],
    ["127.255.255.254", "127.255.255.254", "loopback"],
    ["::ffff:127.0.0.1", "127.0.0.1", "loopback"],
    ["::ffff:7f00:1", "127.0.0.1", "loopback"],
    ["[::ffff:127.0.0.1]", "127.0.0.1", "loopback"],
    ["::1", "::1", "loopback"],
    ["[::1]", "::1", "loopback"],
    ["0:0:0:0:0:0:0:1", "::1", "loopback"],
    ["0", "0.0.0.0", "any"],
    ["0.0", "0.0.0.0", "any"],
    ["::ffff:0.0.0.0", "0.0.0.0", "any"],
    ["::", "::", "any"],
    ["0:0:0:0:0:0:0:0", "::", "any"],
    ["[0::0]", "::", "any"],
    ["0.1.2.3", "0.1.2.3", "public"],
    ["169.254.3.4", "169.254.3.4", "link-local"],
    ["fe80::1%eth0", "fe80::1%eth0", "link-local"],
    ["FE80:0::0001%eth0", "fe80::1%eth0", "link-local"],
    ["100.64.0.7", "100.64.0.7", "tailnet"],
    ["100.127.255.255", "100.127.255.255", "tailnet"],
    ["100.128.0.1", "100.128.0.1", "public"],
    ["fd7a:115c:a1e0::7", "fd7a:115c:a1e0::7", "tailnet"],
    ["fd00::7", "fd00::7", "private"],
    ["10.1.2.3", "10.1.2.3", "private"],
    ["172.31.0.1", "172.31.0.1", "private"],
    ["192.168.1.20", "192.168.1.20", "private"],
    ["203.0.113.9", "203.0.113.9", "public"]
  ])("reads %s as %s, which is %s", (text, canonical, kind) => {
    const address = read(text)
    assert.deepStrictEqual([address?.text, address?.kind], [canonical, kind])
    assert.strictEqual(address?.family, canonical.includes(":") ? 6 : 4)
  })

  it.each([
    "",
    " ",
    "localhost",
    "127.0.0.1.",
    " 127.0.0.1",
    "256.1.1.1",
    "1.2.3.4.5",
    "1e3",
    "-1",
    "[::1",
    "::1]",
    "[]",
    "1..2"
  ])(
    "takes %j for no address",
    (text) => assert.isUndefined(read(text))
  )

  it.each([
    ["192.168.1.20", "192.168.1.20"],
    ["::1", "[::1]"],
    ["fe80::1%eth0", "[fe80::1]"]
  ])("writes %s into a URL as %s", (text, url) => {
    const address = read(text)
    assert.strictEqual(address === undefined ? "" : Address.inUrl(address), url)
  })

  it("finds the loopback address among those of this machine", () =>
    assert.include(Address.ofThisMachine().map((local) => local.address.text), "127.0.0.1"))
})
