/** The middle one, or the mean of the two in the middle; NaN for none. */
export function median(numbers: readonly number[]): number {
  const sorted = numbers.toSorted((a, b) => a - b)
  const [low = Number.NaN, high = Number.NaN] = [sorted[(sorted.length - 1) >> 1], sorted[sorted.length >> 1]]
  return (low + high) / 2
}

/** The number below which a share of them lies; NaN for none. `sorted` rises. */
export function quantile(sorted: ArrayLike<number>, share: number): number {
  const index = Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1)
  return sorted[Math.max(0, index)] ?? Number.NaN
}

/** Half the distance between the quartiles: how far apart the middle half lies around its median. */
export function spread(numbers: readonly number[]): number {
  const sorted = numbers.toSorted((a, b) => a - b)
  return (quantile(sorted, 0.75) - quantile(sorted, 0.25)) / 2
}

/** The mean for ratios: 2 and 0.5 cancel out. NaN for none. */
export function geometricMean(numbers: readonly number[]): number {
  return Math.exp(numbers.reduce((sum, number) => sum + Math.log(number), 0) / numbers.length)
}
