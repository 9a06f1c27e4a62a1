/**
 * A running T3 server: its listeners, its API, its page and its data directory, as one layer.
 *
 * @since 0.1.0
 */
import type { Access } from "@t3/auth-core/Access"
import type { ConnectionString } from "@t3/protocol/ConnectionString"
import type { EnvironmentName } from "@t3/protocol/Environment"
import * as Context from "effect/Context"

/** How to start. */
export interface Options {
  /** The data directory, absolute. Created (0700) if missing. */
  readonly baseDir: string
  /** Addresses or names of this machine to bind, and nothing else; loopback where absent. */
  readonly hosts?: ReadonlyArray<string>
  /** 0 to 65535; 0 picks a free port; 3773 where absent. */
  readonly port?: number
  /** Hosts to print in place of what is bound. */
  readonly advertiseHosts?: ReadonlyArray<string>
  /** A name for the environment; kept. The machine's host name where there was none. */
  readonly label?: string
  /** A folder that paired devices may work in; becomes a project. */
  readonly cwd?: string
}

/** An address that is told to devices. */
export interface Endpoint {
  readonly connectionString: ConnectionString
  readonly kind: "loopback" | "lan" | "tailnet" | "custom"
}

export class T3Server extends Context.Tag("@t3/server/T3Server")<T3Server, {
  readonly environment: EnvironmentName
  /** Best first; never empty. */
  readonly endpoints: readonly [Endpoint, ...Array<Endpoint>]
  /** Administration as the process that started the server (actor `startup`). */
  readonly access: Context.Tag.Service<typeof Access>
}>() {}
