/** Medians with their spread, and ratios taken within a round, where both sides had the same disturbances. */

export interface Spread {
  readonly median: number
  readonly min: number
  readonly max: number
}

export function spreadOf(values: readonly number[]): Spread | undefined {
  const sorted = values.filter(Number.isFinite).sort((a, b) => a - b)
  const [min, max] = [sorted[0], sorted.at(-1)]
  const [low, high] = [sorted[Math.floor((sorted.length - 1) / 2)], sorted[Math.floor(sorted.length / 2)]]
  if (min === undefined || max === undefined || low === undefined || high === undefined) return undefined
  return { median: (low + high) / 2, min, max }
}

/** Values of the same index belong to the same round; rounds where one of them is missing do not count. */
export function ratios(values: readonly (number | undefined)[], bases: readonly (number | undefined)[]): number[] {
  return values.flatMap((value, round) => {
    const base = bases[round]
    return value === undefined || base === undefined || base <= 0 ? [] : [value / base]
  })
}
