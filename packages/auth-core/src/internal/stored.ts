/**
 * What every method of a store is wrapped in: it runs outside a host's own transaction; a caller that goes away does
 * not stop it between the database and our memory of it; and storage trouble, be it an `SqlError` or a defect of the
 * driver, becomes `Unavailable` for the caller and a log line for us.
 */
import { TransactionConnection } from "@effect/sql/SqlClient"
import { SqlError } from "@effect/sql/SqlError"
import { Unavailable } from "@t3/protocol/Errors"
import * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"

const isSqlError = (error: unknown): error is SqlError => error instanceof SqlError

export const stored =
  (operation: string) =>
  <A, E, R>(self: Effect.Effect<A, E, R>): Effect.Effect<A, Exclude<E, SqlError> | Unavailable, R> =>
    self.pipe(
      // `@effect/sql` finds the open transaction under one global tag, whichever client opened it.
      Effect.mapInputContext((context: Context.Context<R>) =>
        Context.omit(TransactionConnection)(context as Context.Context<R | TransactionConnection>) as Context.Context<R>
      ),
      Effect.catchAllCause((cause): Effect.Effect<never, Exclude<E, SqlError> | Unavailable> => {
        const refused = Cause.failures(cause)
        for (const failure of refused) {
          if (!isSqlError(failure)) return Effect.fail(failure as Exclude<E, SqlError>)
        }
        return Effect.zipRight(Effect.logError(`${operation} failed`, cause), new Unavailable())
      }),
      Effect.uninterruptible,
      Effect.withSpan(operation, { captureStackTrace: false })
    )
