/**
 * Lists come in pages.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"

/** The most entries of one page. */
export const maxSize = 200

/** Which entries, where to go on, and how many to give (1 to 200; 50 where absent). */
export const PageRequest = Schema.Struct({
  /** Only entries whose id starts so. */
  prefix: Schema.optionalWith(
    Schema.String.pipe(
      Schema.pattern(/^[0-9a-z]{1,12}$/, { message: () => "an id has lower-case letters and digits" })
    ),
    { exact: true }
  ),
  /** Also those that have ended, as far as they are kept (30 days). */
  all: Schema.optionalWith(Schema.BooleanFromString, { default: () => false }),
  cursor: Schema.optionalWith(Schema.String.pipe(Schema.maxLength(128)), { exact: true }),
  limit: Schema.optionalWith(Schema.NumberFromString.pipe(Schema.int(), Schema.between(1, maxSize)), {
    default: () => 50
  })
})
export type PageRequest = typeof PageRequest.Type

/** `next` is there when more entries follow. */
export interface Page<A> {
  readonly items: ReadonlyArray<A>
  readonly next?: string
}

/** A page of `item`. */
export const Page = <A, I>(item: Schema.Schema<A, I>) =>
  Schema.Struct({ items: Schema.Array(item), next: Schema.optionalWith(Schema.String, { exact: true }) })
