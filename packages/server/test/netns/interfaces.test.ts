/** Runs in a network namespace of its own (`unshare --net`), in which it makes the interfaces of all sorts of machines. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { execFileSync } from "node:child_process"
import { existsSync } from "node:fs"
import { join } from "node:path"
import * as Address from "../../src/network/Address.ts"
import * as Binding from "../../src/network/Binding.ts"
import * as Endpoint from "../../src/network/Endpoint.ts"
import { T3Server } from "../../src/T3Server.ts"
import * as raw from "../raw.ts"
import { temporaryFolder } from "../withServer.ts"

const ip = (line: string) => execFileSync("ip", line.split(" "))

const has6 = existsSync("/proc/net/if_inet6")

/** A machine with these addresses by interface, and perhaps a default route, until the scope closes. */
const machine = (addresses: Readonly<Record<string, ReadonlyArray<string>>>, ...routes: ReadonlyArray<string>) =>
  Effect.acquireRelease(
    Effect.sync(() => {
      ip("link set lo up")
      for (const [name, all] of Object.entries(addresses)) {
        ip(`link add ${name} type veth peer name ${name}-peer`)
        ip(`link set ${name}-peer up`)
        ip(`link set ${name} up`)
        for (const address of all) ip(`addr add ${address} dev ${name}${address.includes(":") ? " nodad" : ""}`)
      }
      for (const route of routes) ip(`${route.includes(":") ? "-6 " : ""}route add default via ${route}`)
    }),
    () => Effect.sync(() => Object.keys(addresses).forEach((name) => ip(`link del ${name}`)))
  )

/** What a machine has that is told wrongly by programs that take the first address they find. */
const crowd = {
  docker0: ["172.17.0.1/16"],
  "br-1f2e3d": ["172.18.0.1/16"],
  usb0: ["169.254.3.4/16"],
  tun0: ["10.8.0.2/24"],
  eth0: ["192.168.77.5/24"]
}

const told = (hosts: ReadonlyArray<string>, advertised: ReadonlyArray<string> = []) =>
  Effect.gen(function*() {
    const endpoints = yield* Endpoint.ofBound(yield* Binding.resolveAll(hosts), 3773, advertised)
    return endpoints.map(({ connectionString, kind }) => `${kind} ${connectionString}`)
  })

describe("what is told of a machine", () => {
  it.scopedLive("1: begins with the default route, and leaves out what others cannot reach", () =>
    Effect.gen(function*() {
      yield* machine(crowd, "192.168.77.1")
      assert.deepStrictEqual(yield* told(["0.0.0.0"]), [
        "lan http://192.168.77.5:3773",
        "lan http://10.8.0.2:3773",
        "loopback http://127.0.0.1:3773"
      ])
    }))

  it.scopedLive("1: follows the default route, whichever interface has it", () =>
    Effect.gen(function*() {
      yield* machine(crowd, "10.8.0.1")
      assert.deepStrictEqual((yield* told(["0.0.0.0"])).slice(0, 2), [
        "lan http://10.8.0.2:3773",
        "lan http://192.168.77.5:3773"
      ])
    }))

  it.scopedLive("1: is what there is, where there is no default route", () =>
    Effect.gen(function*() {
      yield* machine({ docker0: crowd.docker0, eth0: crowd.eth0 })
      assert.deepStrictEqual(yield* told(["0.0.0.0"]), [
        "lan http://192.168.77.5:3773",
        "loopback http://127.0.0.1:3773"
      ])
    }))

  it.scopedLive("is loopback alone on a machine without a network", () =>
    Effect.gen(function*() {
      yield* machine({})
      assert.deepStrictEqual(yield* told(["0.0.0.0"]), ["loopback http://127.0.0.1:3773"])
    }))

  it.scopedLive("is exactly the address or interface that is named", () =>
    Effect.gen(function*() {
      yield* machine({ ...crowd, tailscale0: ["100.64.0.7/32"] }, "192.168.77.1")
      assert.deepStrictEqual(yield* told(["100.64.0.7"]), ["tailnet http://100.64.0.7:3773"])
      assert.deepStrictEqual(yield* told(["tailscale0"]), ["tailnet http://100.64.0.7:3773"])
      assert.deepStrictEqual(yield* told(["docker0"]), ["lan http://172.17.0.1:3773"])
      assert.include((yield* Effect.flip(told(["usb0"]))).message, "link-local")
    }))

  it.scopedLive("begins with the names that are to be told, also where they are bound", () =>
    Effect.gen(function*() {
      yield* machine({ ...crowd, tailscale0: ["100.64.0.7/32"] }, "192.168.77.1")
      assert.deepStrictEqual((yield* told(["0.0.0.0"], ["10.8.0.2", "box.example"])).slice(0, 2), [
        "custom http://10.8.0.2:3773",
        "custom http://box.example:3773"
      ])
    }))

  it.scopedLive.skipIf(!has6)("is of both families where both are listened to", () =>
    Effect.gen(function*() {
      yield* machine({ eth0: ["192.168.77.5/24", "fd00:77::5/64"] }, "192.168.77.1", "fd00:77::1")
      assert.deepStrictEqual(yield* told(["::"]), [
        "lan http://192.168.77.5:3773",
        "lan http://[fd00:77::5]:3773",
        "loopback http://127.0.0.1:3773"
      ])
      const own = Address.ofThisMachine().find(({ address }) => address.kind === "link-local")
      if (own !== undefined) {
        assert.include(own.address.text, "%eth0")
        assert.deepStrictEqual((yield* Binding.resolveAll([own.address.text])).map(({ text }) => text), [
          own.address.text
        ])
      }
    }))
})

describe("a server on such a machine", () => {
  const start = (hosts: ReadonlyArray<string>) =>
    Effect.gen(function*() {
      const baseDir = join(yield* temporaryFolder, "data")
      return yield* Effect.provide(T3Server, yield* Layer.build(T3Server.layer({ baseDir, hosts, port: 0 })))
    })

  const statusOf = (base: string) => Effect.promise(() => fetch(`${base}/health`).then(({ status }) => status, () => 0))

  it.scopedLive("2: answers where it was told to, and nowhere else", () =>
    Effect.gen(function*() {
      yield* machine(crowd, "192.168.77.1")
      const [endpoint] = yield* (yield* start(["192.168.77.5"])).endpoints
      const base = endpoint?.connectionString ?? ""
      assert.strictEqual(yield* statusOf(base), 200)
      for (const other of ["127.0.0.1", "172.17.0.1", "10.8.0.2"]) {
        assert.strictEqual(yield* statusOf(base.replace("192.168.77.5", other)), 0, other)
      }
    }))

  it.scopedLive("12: answers on every interface under the address that was asked, and no other", () =>
    Effect.gen(function*() {
      yield* machine(crowd, "192.168.77.1")
      const endpoints = yield* (yield* start(["0.0.0.0"])).endpoints
      for (const { connectionString } of endpoints)
        assert.strictEqual(yield* statusOf(connectionString), 200, connectionString)
      const port = new URL(endpoints[0]?.connectionString ?? "").port
      assert.strictEqual(yield* statusOf(`http://172.17.0.1:${port}`), 200)
      const asked = (host: string) =>
        raw.send(
          { host: "192.168.77.5", port: Number(port) },
          `GET /health HTTP/1.1\r\nHost: ${host}:${port}\r\nConnection: close\r\n\r\n`
        )
      assert.include(yield* asked("192.168.77.5"), "HTTP/1.1 200")
      assert.include(yield* asked("10.8.0.2"), "HTTP/1.1 421")
    }))

  it.scopedLive("20: starts on loopback where even that is down", () =>
    Effect.gen(function*() {
      ip("link set lo down")
      yield* Effect.addFinalizer(() => Effect.sync(() => ip("link set lo up")))
      const [endpoint] = yield* (yield* start([])).endpoints
      assert.include(endpoint?.connectionString ?? "", "http://127.0.0.1:")
    }))
})
