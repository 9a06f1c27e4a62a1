import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { hostname } from "node:os"
import * as Address from "./Address.ts"
import * as Binding from "./Binding.ts"

const texts = (hosts: ReadonlyArray<string>) =>
  Effect.map(Binding.resolveAll(hosts), (all) => all.map((address) => address.text))

const here = Address.ofThisMachine()
const has6 = here.some(({ address }) => address.text === "::1")
const loopbackInterface = here.find(({ address }) => address.text === "127.0.0.1")?.interface ?? "none"

describe("--host", () => {
  it.effect("is loopback where none is named", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* texts([]), has6 ? ["127.0.0.1", "::1"] : ["127.0.0.1"])
    }))

  it.effect.each<[ReadonlyArray<string>, ReadonlyArray<string>]>([
    [["127.0.0.1"], ["127.0.0.1"]],
    [["127.1"], ["127.0.0.1"]],
    [["::ffff:127.0.0.1"], ["127.0.0.1"]],
    [[" 127.0.0.1 "], ["127.0.0.1"]],
    [["127.0.0.1", "127.1", "0x7f.1"], ["127.0.0.1"]],
    [["127.0.0.2", "127.0.0.1"], ["127.0.0.2", "127.0.0.1"]],
    [["0"], ["0.0.0.0"]],
    [["0.0.0.0", "127.0.0.1"], ["0.0.0.0"]],
    [["127.0.0.1", "::"], ["::"]],
    [["0:0:0:0:0:0:0:0", "0.0.0.0"], ["::"]]
  ])("%j binds %j and nothing else", ([hosts, bound]) =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* texts(hosts), bound)
    }))

  it.effect("takes the name of an interface", () =>
    Effect.gen(function*() {
      const carried = here.filter((local) => local.interface === loopbackInterface).map(({ address }) => address.text)
      assert.deepStrictEqual(yield* texts([loopbackInterface]), carried)
    }))

  it.effect("takes a name of this machine", () =>
    Effect.gen(function*() {
      assert.include(yield* texts(["localhost"]), "127.0.0.1")
      const own = yield* texts([hostname()])
      assert.isNotEmpty(own)
    }))

  it.effect.each<[string, string]>([
    ["", "empty"],
    [" ", "empty"],
    ["\n", "empty"],
    ["0.1.2.3", "0.1.2.3"],
    ["192.0.2.7", "192.0.2.7"],
    ["2001:db8::7", "2001:db8::7"],
    ["fe80::dead:beef", "fe80::dead:beef"],
    ["256.1.1.1", "256.1.1.1"],
    ["http://127.0.0.1", "http://127.0.0.1"],
    ["127.0.0.1:3773", "127.0.0.1:3773"],
    ["127.0.0.1\n::1", "\"127.0.0.1\\n::1\""],
    ["no-such-name.invalid", "no-such-name.invalid"]
  ])("2: %j is refused, and told as %s", ([host, told]) =>
    Effect.gen(function*() {
      const error = yield* Effect.flip(Binding.resolveAll([host]))
      assert.strictEqual(error._tag, "HostRefused")
      assert.include(error.message, told)
      assert.isNotEmpty(error.hint)
      // One bad host among good ones binds nothing.
      assert.strictEqual((yield* Effect.flip(Binding.resolveAll(["127.0.0.1", host])))._tag, "HostRefused")
    }))

  it.effect("tells the addresses that would do", () =>
    Effect.gen(function*() {
      const error = yield* Effect.flip(Binding.resolveAll(["192.0.2.7"]))
      assert.include(error.hint, "127.0.0.1")
    }))
})

describe("--advertise-host", () => {
  it.effect.each<[string, string]>([
    ["box.example", "box.example"],
    ["BOX", "box"],
    [" box.example. ", "box.example."],
    ["203.0.113.9", "203.0.113.9"],
    ["fd7a:115c:a1e0::7", "[fd7a:115c:a1e0::7]"],
    ["[fd7a:115c:a1e0:0::7]", "[fd7a:115c:a1e0::7]"]
  ])("%j is printed as %s", ([host, printed]) =>
    Effect.gen(function*() {
      assert.strictEqual(yield* Binding.advertised(host), printed)
    }))

  it.effect.each([
    "",
    " ",
    "http://box.example",
    "box.example:3773",
    "box.example/t3",
    "user@box.example",
    "-box",
    "box..example",
    "b ox",
    "box_1",
    "box#t=1",
    "\u001b[31mbox",
    "b".repeat(254)
  ])("%j is refused", (host) =>
    Effect.gen(function*() {
      const error = yield* Effect.flip(Binding.advertised(host))
      assert.strictEqual(error._tag, "HostRefused")
      assert.notInclude(error.message, "\u001b")
    }))
})
