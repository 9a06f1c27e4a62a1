/**
 * The calls of the live connection as functions that fail with what a caller can act on, and with nothing else.
 *
 * @since 0.1.0
 */
import * as Rpc from "@effect/rpc/Rpc"
import * as RpcClient from "@effect/rpc/RpcClient"
import type { RpcClientError } from "@effect/rpc/RpcClientError"
import type * as RpcGroup from "@effect/rpc/RpcGroup"
import type * as RpcSchema from "@effect/rpc/RpcSchema"
import { Refusal, Unreachable } from "@t3/protocol/Errors"
import { FollowRequest } from "@t3/protocol/Event"
import { LiveRpcs } from "@t3/protocol/LiveRpcs"
import * as Cause from "effect/Cause"
import * as Chunk from "effect/Chunk"
import * as Effect from "effect/Effect"
import * as ParseResult from "effect/ParseResult"
import * as Record from "effect/Record"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import * as Answer from "./answer.ts"
import * as Item from "./eventItem.ts"
import * as LiveProtocol from "./liveProtocol.ts"

type Rpcs = RpcGroup.Rpcs<typeof LiveRpcs>

type Call<Current> = Current extends Rpc.Rpc<
  infer _Tag,
  infer _Payload,
  infer Success,
  infer _Error,
  infer _Middleware
> ? (
    request: Rpc.PayloadConstructor<Current>
  ) => [Success] extends [RpcSchema.Stream<infer Item, infer _E>] ? Stream.Stream<Item["Type"], Refusal>
    : Effect.Effect<Success["Type"], Refusal>
  : never

type Named<Tag extends string, Group extends string> = Tag extends `${Group}.${infer Name}` ? Name : never

type GroupOf<Tag extends string> = Tag extends `${infer Group}.${string}` ? Group : never

/** Every call as a function, `<group>.<name>(request)`. */
export type LiveCalls = {
  readonly [Group in GroupOf<Rpcs["_tag"]>]: {
    readonly [Current in Rpcs as Named<Current["_tag"], Group>]: Call<Current>
  }
}

/** How long a call may take to be answered; a stream goes on for as long as it likes. */
const patience = "30 seconds"

/** A server that goes ends its streams first; this is how long it may take to say why it goes. */
const farewell = "5 seconds"

/** As in the contract, but that items of the stream may be of a kind that came later. */
const rpcs = LiveRpcs.add(
  Rpc.make("events.follow", { error: Refusal, payload: FollowRequest, stream: true, success: Item.AnyItem })
)

type Fault = Refusal | RpcClientError

type AnyCall = (request: never) => Effect.Effect<unknown, Fault>

const encode = (schema: Schema.Schema.AnyNoContext, request: unknown) => Schema.encodeUnknown(schema)(request)

/** Whether a request can be sent. To the client itself, one that cannot is a defect. */
const check = (tag: string, request: unknown): Effect.Effect<void, ParseResult.ParseError> => {
  const rpc = rpcs.requests.get(tag)
  return rpc === undefined ? Effect.void : Effect.asVoid(encode(rpc.payloadSchema, request))
}

/** Makes the calls of an open connection. They end with it, and with the scope. */
export const make = (
  address: string,
  connection: LiveProtocol.Connection
): Effect.Effect<LiveCalls, never, Scope.Scope> =>
  Effect.gen(function*() {
    const client = yield* RpcClient.make(rpcs, { spanPrefix: "Live" }).pipe(
      Effect.provideService(RpcClient.Protocol, connection.protocol)
    )

    /** Runs it if the connection is open, and the request can be sent. */
    const start = <A>(tag: string, request: unknown, run: () => A): Effect.Effect<A, Refusal> =>
      connection.socket.stillOpen.pipe(
        Effect.zipRight(Effect.mapError(check(tag, request), (fault) => Answer.toRefusal(address, fault))),
        Effect.zipRight(Effect.sync(run))
      )

    /** An answer of another shape is a defect to the client. */
    const toRefusals = (cause: Cause.Cause<Fault>): Cause.Cause<Refusal> =>
      Chunk.some(Cause.defects(cause), ParseResult.isParseError)
        ? Cause.fail(Answer.fromDecoding(address, undefined))
        : Cause.map(cause, (error) => error._tag === "RpcClientError" ? LiveProtocol.reasonOf(error) : error)

    const bounded = (tag: string, call: AnyCall) => (request: never): Effect.Effect<unknown, Refusal> =>
      Effect.flatten(start(tag, request, () => call(request))).pipe(
        Effect.mapErrorCause(toRefusals),
        Effect.timeoutFail({
          duration: patience,
          onTimeout: () => new Unreachable({ message: `${address} did not answer within ${patience}.` })
        })
      )

    /** Why the events ended, which they do with the connection only. */
    const whyOver = Effect.timeoutFail(connection.socket.closed, {
      duration: farewell,
      onTimeout: () => new Unreachable({ message: `${address} has ended the stream of events.` })
    })

    const all = (group: string, calls: Readonly<Record<string, AnyCall>>) =>
      Record.map(calls, (call, name) => bounded(`${group}.${name}`, call))
    return {
      access: all("access", client.access) as LiveCalls["access"],
      events: {
        follow: (request) =>
          Stream.unwrap(start("events.follow", request, () => client.events.follow(request))).pipe(
            Stream.mapErrorCause(toRefusals),
            Stream.filter(Item.isKnown),
            Stream.concat(Stream.fromEffect(whyOver))
          )
      },
      session: all("session", client.session) as LiveCalls["session"]
    }
  })
