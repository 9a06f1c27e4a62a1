/**
 * Reads lists that come in pages, and finds the one entry that the beginning of an id names.
 *
 * @since 0.1.0
 */
import { Invalid, NotFound, type Refusal } from "@t3/protocol/Errors"
import * as Label from "@t3/protocol/Label"
import { maxSize, type Page, type PageRequest } from "@t3/protocol/Page"
import * as Effect from "effect/Effect"

type List<Item> = (page: PageRequest) => Effect.Effect<Page<Item>, Refusal>

/** Every entry, page by page. */
export const everything = <Item>(list: List<Item>, all: boolean): Effect.Effect<ReadonlyArray<Item>, Refusal> =>
  Effect.gen(function*() {
    const items: Array<Item> = []
    let page = yield* list({ all, limit: maxSize })
    items.push(...page.items)
    while (page.next !== undefined) {
      page = yield* list({ all, cursor: page.next, limit: maxSize })
      items.push(...page.items)
    }
    return items
  })

/** What to look for, and how to name what is found. */
export interface Lookup<Item> {
  readonly list: List<Item>
  readonly noun: string
  readonly describe: (item: Item) => string
}

/** How many candidates an ambiguous beginning is shown with. */
const candidates = 5

/** The one entry whose id begins so: among those that live, else among those that have ended. */
export const find = <Item extends { readonly id: string }>(
  { describe, list, noun }: Lookup<Item>,
  text: string
): Effect.Effect<Item, Refusal> =>
  Effect.gen(function*() {
    const prefix = text.trim().toLowerCase()
    const quoted = `"${Label.clean(text)}"`
    if (!/^[0-9a-z]{1,12}$/.test(prefix)) {
      return yield* new Invalid({
        hint: "An id has up to 12 letters and digits; its unique beginning is enough.",
        message: `${quoted} is no id of a ${noun}.`
      })
    }
    const page = { limit: candidates, prefix }
    const live = yield* list({ ...page, all: false })
    const { items: [first, ...others] } = live.items.length > 0 ? live : yield* list({ ...page, all: true })
    if (first === undefined) return yield* new NotFound({ message: `No ${noun} has an id that begins with ${quoted}.` })
    if (others.length === 0) return first
    return yield* new Invalid({
      hint: "Type more of the id.",
      message: `${quoted} is ambiguous: ${
        [first, ...others].map((item) => `${item.id} (${describe(item)})`).join(", ")
      }.`
    })
  })
