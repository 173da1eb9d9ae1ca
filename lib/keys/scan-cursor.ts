const BITS = 64n

/**
 * How much of the table a SCAN cursor has behind it, from 0 to 1, without asking for its size.
 *
 * SCAN counts with the bits in reverse order (src/dict.c, dictScan): the lowest bit of the cursor is worth one
 * half of the table, the next one a quarter, whatever the size of the table is at that moment.
 */
export function scanFraction(cursor: string): number {
  let rest = /^[0-9]{1,20}$/.test(cursor) ? BigInt.asUintN(Number(BITS), BigInt(cursor)) : 0n
  let fraction = 0
  for (let worth = 0.5; rest > 0n; worth /= 2) {
    if ((rest & 1n) === 1n) fraction += worth
    rest >>= 1n
  }
  return Math.min(fraction, 1)
}
