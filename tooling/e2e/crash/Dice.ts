/** Chance that can be repeated: the same seed makes the same choices, though not the same timing. */

export interface Dice {
  /** At least 0, below 1. */
  readonly next: () => number
  /** A whole number, both ends included. */
  readonly between: (least: number, most: number) => number
  readonly happens: (probability: number) => boolean
  readonly pick: <A>(from: ReadonlyArray<A>) => A | undefined
}

/** T3_TEST_SEED, or another one each time. A test that uses it names it. */
export const seed = Number(process.env["T3_TEST_SEED"] ?? Math.floor(Math.random() * 2 ** 32))

/** mulberry32: public domain, by Tommy Ettinger. */
export const make = (seed: number): Dice => {
  let state = seed >>> 0
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  const between = (least: number, most: number): number => least + Math.floor(next() * (most - least + 1))
  return {
    between,
    happens: (probability) => next() < probability,
    next,
    pick: (from) => from[between(0, from.length - 1)]
  }
}
