/**
 * Amounts in sentences: `1 link`, `2 links`.
 *
 * @since 0.1.0
 */

/** The amount, with the word that fits it. */
export const count = (amount: number, one: string, many = `${one}s`): string => `${amount} ${amount === 1 ? one : many}`
