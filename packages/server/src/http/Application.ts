/**
 * The application: the API and the page behind the guard, as one handler for any number of Node servers.
 *
 * @since 0.1.0
 */
import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import * as Etag from "@effect/platform/Etag"
import * as FileSystem from "@effect/platform/FileSystem"
import * as HttpApiBuilder from "@effect/platform/HttpApiBuilder"
import * as HttpMiddleware from "@effect/platform/HttpMiddleware"
import * as HttpPlatform from "@effect/platform/HttpPlatform"
import * as HttpRouter from "@effect/platform/HttpRouter"
import * as HttpServerRequest from "@effect/platform/HttpServerRequest"
import * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import * as Path from "@effect/platform/Path"
import { Connections } from "@t3/auth-core/Connections"
import { NotFound, Unavailable } from "@t3/protocol/Errors"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import { constTrue } from "effect/Function"
import * as Layer from "effect/Layer"
import { IncomingMessage } from "node:http"
import { Events } from "../live/Events.ts"
import * as Live from "../live/Live.ts"
import type { Served } from "../network/bind.ts"
import type { Arrival } from "../network/HostRule.ts"
import type { Handler } from "../network/listen.ts"
import { Network } from "../network/Network.ts"
import * as Authorized from "./Authorized.ts"
import { guarded } from "./guard.ts"
import { Ingress } from "./Ingress.ts"
import * as routes from "./routes.ts"
import { type Gate, makeUpgrade } from "./upgrade.ts"
import { WebAssets } from "./WebAssets.ts"

/** The page of a path: the pairing page has an address of its own, other files their names. */
const fileOf = (path: string): string => path === "/pair" ? "pair.html" : path.slice(1)

const pathOf = (request: HttpServerRequest.HttpServerRequest): string => request.url.split("?")[0] ?? "/"

const layerPage = HttpApiBuilder.Router.use((router) =>
  Effect.gen(function*() {
    const assets = yield* WebAssets
    const serve = Effect.flatMap(HttpServerRequest.HttpServerRequest, (request) => {
      const asset = assets.get(fileOf(pathOf(request)))
      // Not quoted: people paste secrets where they do not belong.
      if (asset === undefined) return new NotFound({ message: "There is nothing at this address." })
      return Effect.succeed(HttpServerResponse.uint8Array(asset.body, {
        contentType: asset.contentType,
        ...(asset.immutable ? { headers: { "cache-control": "public, max-age=31536000, immutable" } } : {})
      }))
    })
    yield* router.get("/", Effect.succeed(HttpServerResponse.redirect("/pair", { status: 302 })))
    yield* router.get("*", serve)
  })
)

const arrivalOf = ({ source }: HttpServerRequest.HttpServerRequest): Arrival =>
  source instanceof IncomingMessage
    ? { localAddress: source.socket.localAddress ?? "", localPort: source.socket.localPort ?? 0 }
    : { localAddress: "", localPort: 0 }

/** How long the news of the end has to get out before the connections are closed. */
const farewell = "20 millis"

/** What the ports serve, what the control socket serves, and how it all ends. */
export class Application extends Context.Tag("@t3/server/Application")<Application, {
  readonly network: Served
  readonly control: Handler
  /** Takes no live connection any more, tells whoever listens, and closes those that there are: they may come again. */
  readonly stop: Effect.Effect<void>
}>() {}

/** The library offers files of the disk to every route; ours need none, and what serves them is not even loaded. */
const layerNoFiles = Layer.mergeAll(
  Layer.effect(
    HttpPlatform.HttpPlatform,
    HttpPlatform.make({
      fileResponse: () => HttpServerResponse.empty({ status: 404 }),
      fileWebResponse: () => HttpServerResponse.empty({ status: 404 })
    })
  ).pipe(Layer.provide([FileSystem.layerNoop({}), Etag.layerWeak])),
  FileSystem.layerNoop({}),
  Path.layer,
  Etag.layerWeak
)

/** Routes are in place before any handler exists. */
export const layer = Layer.effect(
  Application,
  Effect.gen(function*() {
    const { names } = yield* Network
    const connections = yield* Connections
    const events = yield* Events
    const gate: Gate = { open: true }
    const router = yield* HttpApiBuilder.Router.router
    const app = guarded(yield* HttpRouter.toHttpApp(router), names, arrivalOf)
    const handler = (ingress: typeof Ingress.Service) =>
      NodeHttpServer.makeHandler(Effect.provideService(app, Ingress, ingress)).pipe(
        Effect.locally(HttpMiddleware.currentTracerDisabledWhen, constTrue)
      )
    return Application.of({
      control: yield* handler("control"),
      network: { request: yield* handler("network"), upgrade: yield* makeUpgrade(names, gate) },
      stop: Effect.gen(function*() {
        gate.open = false
        yield* events.publish({ _tag: "Stopping" })
        if ((yield* connections.total) > 0) yield* Effect.sleep(farewell)
        yield* connections.cutAll(new Unavailable())
      })
    })
  })
).pipe(
  Layer.provide([routes.layer, layerPage]),
  Layer.provide(HttpApiBuilder.Router.Live),
  Layer.provide([Authorized.layer, Live.layer]),
  Layer.provide(layerNoFiles)
)
