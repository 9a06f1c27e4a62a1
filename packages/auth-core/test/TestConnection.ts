/** A socket, a stream or a request of a session, that notes how it was ended. */
import type { SessionId } from "@t3/protocol/Ids"
import { Effect } from "effect"
import { type Connection, Connections, type Ending } from "../src/Connections.ts"

export interface TestConnection extends Connection {
  /** The tags of the reasons it was ended for. */
  readonly ended: Array<string>
}

export const makeConnection = (
  lasting = true,
  end: (reason: Ending) => Effect.Effect<void> = () => Effect.void
): TestConnection => {
  const ended: Array<string> = []
  return {
    end: (reason) => Effect.zipLeft(end(reason), Effect.sync(() => ended.push(reason._tag))),
    ended,
    lasting
  }
}

/** Opens a connection of the session, which is gone when it was ended. */
export const connect = (
  id: SessionId,
  lasting = true,
  end: (reason: Ending) => Effect.Effect<void> = () => Effect.void
) =>
  Effect.gen(function*() {
    const connections = yield* Connections
    let close = () => {}
    const connection = makeConnection(lasting, (reason) => Effect.zipRight(end(reason), Effect.sync(() => close())))
    close = yield* connections.open(id, connection)
    return { ...connection, close }
  })
