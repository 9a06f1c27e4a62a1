/** Whatever people, devices, time and crashes may do to links and sessions, in any order. */
import { builtIn, type Role, Scope } from "@t3/protocol/Scope"
import { FastCheck as fc } from "effect"

/** Who acts (nobody: the machine itself) and on what, each counted from the newest; `ttl` and `seconds` are in seconds. */
export type Operation =
  | (Grant & { readonly op: "issueLink"; readonly ttl: number })
  | (Grant & { readonly op: "issueSession"; readonly ttl: number | undefined })
  | {
    readonly op: "redeem"
    readonly link: number
    readonly key: string | undefined
    readonly earlier: number | undefined
    readonly scopes: ReadonlyArray<Scope> | undefined
  }
  | { readonly op: "again" | "restart" }
  | { readonly op: "revokeLink"; readonly actor: number | undefined; readonly link: number }
  | {
    readonly op: "revokeSession"
    readonly actor: number | undefined
    readonly session: number
    readonly withIssued: boolean
  }
  | { readonly op: "edit"; readonly session: number; readonly to: Edit }
  | { readonly op: "revokeOthers"; readonly session: number }
  | { readonly op: "use"; readonly session: number }
  | { readonly op: "wait"; readonly seconds: number }

/** What somebody else writes to the row of a session. */
type Edit =
  | { readonly kind: "revoke" | "remove" }
  | { readonly kind: "end"; readonly seconds: number }
  | { readonly kind: "rights"; readonly role: Role; readonly scopes: ReadonlyArray<Scope> }

/** An operation, and the session that then asks what it may do, if any. */
export interface Step {
  readonly operation: Operation
  readonly asks: number | undefined
}

interface Grant {
  readonly actor: number | undefined
  readonly role: Role
  readonly scopes: ReadonlyArray<Scope> | undefined
}

const day = 86_400

const scope = fc.constantFrom(...builtIn, Scope.make("coffee:make"))

const scopes = fc.oneof(
  { arbitrary: fc.constant(undefined), weight: 3 },
  { arbitrary: fc.uniqueArray(scope, { maxLength: 4 }), weight: 1 }
)

const role: fc.Arbitrary<Role> = fc.constantFrom("viewer", "member", "owner", "owner")

/** The newest most often. */
const which = fc.oneof({ arbitrary: fc.constant(0), weight: 3 }, { arbitrary: fc.nat(5), weight: 2 })

const actor = fc.option(which, { freq: 1, nil: undefined })

const edit: fc.Arbitrary<Edit> = fc.oneof(
  fc.record({ kind: fc.constantFrom("revoke" as const, "remove" as const) }),
  fc.record({ kind: fc.constant("end" as const), seconds: fc.constantFrom(-60, 0, 1, 59, 40 * day) }),
  fc.record({
    kind: fc.constant("rights" as const),
    role,
    scopes: fc.uniqueArray(fc.constantFrom(...builtIn), { maxLength: 5 })
  })
)

const operation: fc.Arbitrary<Operation> = fc.oneof(
  {
    arbitrary: fc.record({
      actor,
      op: fc.constant("issueLink" as const),
      role,
      scopes,
      ttl: fc.constantFrom(1, 60, 300, day)
    }),
    weight: 6
  },
  {
    arbitrary: fc.record({
      actor,
      op: fc.constant("issueSession" as const),
      role,
      scopes,
      ttl: fc.constantFrom(undefined, 60, 40 * day)
    }),
    weight: 2
  },
  {
    arbitrary: fc.record({
      earlier: fc.option(which, { freq: 1, nil: undefined }),
      key: fc.constantFrom(undefined, "key-of-one", "key-of-two"),
      link: which,
      op: fc.constant("redeem" as const),
      scopes
    }),
    weight: 7
  },
  { arbitrary: fc.record({ op: fc.constant("again" as const) }), weight: 3 },
  { arbitrary: fc.record({ actor, link: which, op: fc.constant("revokeLink" as const) }), weight: 1 },
  {
    arbitrary: fc.record({
      actor,
      op: fc.constant("revokeSession" as const),
      session: which,
      withIssued: fc.constant(false)
    }),
    weight: 2
  },
  {
    arbitrary: fc.record({
      actor,
      op: fc.constant("revokeSession" as const),
      // Not the newest, which nothing has come from yet.
      session: fc.integer({ max: 6, min: 1 }),
      withIssued: fc.constant(true)
    }),
    weight: 2
  },
  { arbitrary: fc.record({ op: fc.constant("edit" as const), session: which, to: edit }), weight: 2 },
  { arbitrary: fc.record({ op: fc.constant("revokeOthers" as const), session: which }), weight: 1 },
  { arbitrary: fc.record({ op: fc.constant("use" as const), session: which }), weight: 4 },
  {
    arbitrary: fc.record({
      op: fc.constant("wait" as const),
      seconds: fc.constantFrom(1, 1, 59, 59, 61, 61, 300, 601, 7200, 20 * day)
    }),
    weight: 3
  },
  { arbitrary: fc.record({ op: fc.constant("restart" as const) }), weight: 1 }
)

/** A device that a session lets in with all it has: what trees are made of. */
const letIn: fc.Arbitrary<ReadonlyArray<Operation>> = fc.record({
  actor: which,
  role: fc.constantFrom<Role>("member", "owner", "owner", "owner")
}).map(({ actor, role }) => [
  { actor, op: "issueLink", role, scopes: undefined, ttl: 300 },
  { earlier: undefined, key: undefined, link: 0, op: "redeem", scopes: undefined }
])

/** A device that asks again for what it may have got already. */
const askAgain: fc.Arbitrary<ReadonlyArray<Operation>> = fc.record({
  earlier: fc.option(which, { freq: 1, nil: undefined }),
  role,
  seconds: fc.constantFrom(1, 59, 61)
}).map(({ earlier, role, seconds }) => [
  { actor: undefined, op: "issueLink", role, scopes: undefined, ttl: 300 },
  { earlier, key: "key-of-one", link: 0, op: "redeem", scopes: undefined },
  { op: "wait", seconds },
  { op: "again" }
])

const sequence: fc.Arbitrary<ReadonlyArray<Step>> = fc.record({
  asks: fc.option(which, { freq: 1, nil: undefined }),
  operations: fc.oneof(
    { arbitrary: operation.map((operation) => [operation]), weight: 12 },
    { arbitrary: letIn, weight: 4 },
    { arbitrary: askAgain, weight: 1 }
  )
}).map(({ asks, operations }) => operations.map((operation) => ({ asks, operation })))

export const steps: fc.Arbitrary<ReadonlyArray<Step>> = fc.array(sequence, {
  maxLength: 50,
  minLength: 10,
  size: "max"
}).map((sequences) => sequences.flat())
