/** What a figure is: its name, what it takes to measure it, and the rows that come of it. */

/** @typedef {{ most?: number, least?: number, of: "ratio" | "ours" }} Budget */
/** @typedef {{ what: string, ours: number, compared: number, ratio: number, unit: string, budget?: Budget }} Row */
/** @typedef {{ name: string, run: (rounds: number) => Promise<ReadonlyArray<Row>> }} Figure */

/** @param {ReadonlyArray<number>} values @param {number} part */
export const quantile = (values, part) =>
  values.toSorted((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * part))] ?? Number.NaN

/** @param {ReadonlyArray<number>} values */
export const median = (values) => quantile(values, 0.5)

/** Pairs of what was measured side by side: the medians, and the median of the ratios, which what else runs on the machine disturbs least. @param {string} what @param {string} unit @param {Budget} [budget] */
export const pairs = (what, unit, budget) => {
  /** @type {Array<number>} */
  const ours = []
  /** @type {Array<number>} */
  const compared = []
  return {
    /** @param {number} mine @param {number} theirs */
    add: (mine, theirs) => {
      ours.push(mine)
      compared.push(theirs)
    },
    /** @returns {Row} */
    row: () => ({
      compared: median(compared),
      ours: median(ours),
      ratio: median(ours.map((mine, index) => mine / (compared[index] ?? Number.NaN))),
      unit,
      what,
      ...(budget === undefined ? {} : { budget })
    })
  }
}

/** @param {number} most @returns {Budget} */
export const atMost = (most) => ({ most, of: "ratio" })

/** @param {number} least @returns {Budget} */
export const atLeast = (least) => ({ least, of: "ratio" })

/** Of what we have, whatever it is compared with. @param {number} most @returns {Budget} */
export const within = (most) => ({ most, of: "ours" })

/** Whether a row keeps its budget; none where it has none. @param {Row} row */
export const isKept = ({ budget, ours, ratio }) => {
  const value = budget?.of === "ours" ? ours : ratio
  return budget === undefined ? undefined : value <= (budget.most ?? Infinity) && value >= (budget.least ?? -Infinity)
}
