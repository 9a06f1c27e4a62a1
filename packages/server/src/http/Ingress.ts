/**
 * How a request came in. It decides what the request must prove.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"

/** `control`: over the private socket, by the account that owns the data directory. `network`: by anyone else. */
export class Ingress extends Context.Reference<Ingress>()("@t3/server/Ingress", {
  defaultValue: (): "control" | "network" => "network"
}) {}
