/**
 * The application: the API and the page behind the guard, as one handler for any number of Node servers.
 *
 * @since 0.1.0
 */
import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import * as HttpApiBuilder from "@effect/platform/HttpApiBuilder"
import * as HttpMiddleware from "@effect/platform/HttpMiddleware"
import * as HttpRouter from "@effect/platform/HttpRouter"
import * as HttpServerRequest from "@effect/platform/HttpServerRequest"
import * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import { NotFound } from "@t3/protocol/Errors"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import { constTrue } from "effect/Function"
import * as Layer from "effect/Layer"
import { IncomingMessage } from "node:http"
import type { Arrival } from "../network/HostRule.ts"
import type { Handler } from "../network/listen.ts"
import { Network } from "../network/Network.ts"
import * as Authorized from "./Authorized.ts"
import { guarded } from "./guard.ts"
import { Ingress } from "./Ingress.ts"
import * as routes from "./routes.ts"
import { WebAssets } from "./WebAssets.ts"

/** The page of a path: the pairing page has an address of its own, other files their names. */
const fileOf = (path: string): string => path === "/pair" ? "pair.html" : path.slice(1)

const pathOf = (request: HttpServerRequest.HttpServerRequest): string => request.url.split("?")[0] ?? "/"

const layerPage = HttpApiBuilder.Router.use((router) =>
  Effect.gen(function*() {
    const assets = yield* WebAssets
    const serve = Effect.flatMap(HttpServerRequest.HttpServerRequest, (request) => {
      const asset = assets.get(fileOf(pathOf(request)))
      if (asset === undefined) return new NotFound({ message: `There is nothing at ${pathOf(request).slice(0, 200)}.` })
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

/** One handler for the ports, one for the control socket. */
export class Application extends Context.Tag("@t3/server/Application")<Application, {
  readonly network: Handler
  readonly control: Handler
}>() {}

/** Routes are in place before any handler exists. */
export const layer = Layer.effect(
  Application,
  Effect.gen(function*() {
    const { names } = yield* Network
    const router = yield* HttpApiBuilder.Router.router
    const app = guarded(yield* HttpRouter.toHttpApp(router), names, arrivalOf)
    const handler = (ingress: typeof Ingress.Service) =>
      NodeHttpServer.makeHandler(Effect.provideService(app, Ingress, ingress)).pipe(
        Effect.locally(HttpMiddleware.currentTracerDisabledWhen, constTrue)
      )
    return Application.of({ control: yield* handler("control"), network: yield* handler("network") })
  })
).pipe(
  Layer.provide([routes.layer, layerPage]),
  Layer.provide(HttpApiBuilder.Router.Live),
  Layer.provide(Authorized.layer),
  Layer.provide(NodeHttpServer.layerContext)
)
