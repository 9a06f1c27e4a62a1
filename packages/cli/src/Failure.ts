/**
 * Everything that a command can fail with, what is said about it, and the exit code that scripts see.
 *
 * @since 0.1.0
 */
import { isValidationError, type ValidationError } from "@effect/cli/ValidationError"
import type { Refusal } from "@t3/protocol/Errors"
import type { StartError } from "@t3/server/StartError"
import * as Data from "effect/Data"

/** A refusal that the command has itself reported as its result; only the exit code is left to set. */
export class Reported extends Data.TaggedError("Reported")<{ readonly refusal: Refusal }> {}

/** The person was asked and did not say yes, so nothing was done. */
export class Declined extends Data.TaggedError("Declined")<{ readonly message: string; readonly hint: string }> {}

/** Anything that a command can fail with. */
export type Failure = Refusal | StartError | Reported | Declined | ValidationError

/** Refusals that mean different things to a script, by their reason. */
type Divided = "DatabaseRefused" | "DirectoryRefused" | "PortRefused"

const codes: Readonly<Record<Exclude<(Refusal | StartError | Declined)["_tag"], Divided>, number>> = {
  Conflict: 7,
  Declined: 1,
  DirectoryHeld: 7,
  FolderRefused: 2,
  HostNotAllowed: 6,
  HostRefused: 2,
  InsecureAddress: 5,
  Invalid: 2,
  NotFound: 3,
  OriginNotAllowed: 6,
  PairingExpired: 4,
  PairingRevoked: 4,
  PairingUnknown: 4,
  PairingUsed: 4,
  RateLimited: 6,
  ScopeRequired: 5,
  SessionExpired: 4,
  SessionRevoked: 4,
  TooLarge: 2,
  Unauthenticated: 4,
  Unavailable: 1,
  Unreachable: 6,
  VersionMismatch: 8
}

/** The exit code of a failure: 2 usage, 3 not found, 4 not authenticated, 5 not allowed, 6 unreachable, 7 conflict, 8 version. */
export const exitCode = (failure: Failure): number => {
  if (isValidationError(failure)) return 2
  switch (failure._tag) {
    case "Reported":
      return exitCode(failure.refusal)
    case "DirectoryRefused":
      return failure.reason === "not-a-directory" ? 2 : 5
    case "DatabaseRefused":
      return failure.reason === "newer" ? 8 : 1
    case "PortRefused":
      return failure.reason === "taken" ? 7 : 5
    default:
      return codes[failure._tag]
  }
}
