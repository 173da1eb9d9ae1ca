import * as fc from 'fast-check'
import { HOSTILE_TEXTS } from './hostile-texts.js'

const SEED = 20_260_101
const PIECES = HOSTILE_TEXTS.filter((text) => text.length < 100)

/** What a mixture is made of: what has broken files before, and whatever else there is. */
const piece = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(...PIECES) },
  { weight: 1, arbitrary: fc.string({ unit: 'grapheme', minLength: 1, maxLength: 6 }) },
  { weight: 1, arbitrary: fc.string({ unit: 'binary', minLength: 1, maxLength: 4 }) },
  { weight: 1, arbitrary: fc.string({ unit: 'binary-ascii', minLength: 1, maxLength: 6 }) },
)

/** The known texts, and random mixtures of theirs: the same in each run. */
export function hostileMixtures(count: number): readonly string[] {
  const mixtures = fc.sample(
    fc.array(piece, { minLength: 1, maxLength: 4 }).map((parts) => parts.join('')),
    { seed: SEED, numRuns: count },
  )
  // Alternating, so that a short run has some of both.
  const known = [...HOSTILE_TEXTS]
  return mixtures.flatMap((mixture) => [mixture, ...known.splice(0, 1)])
}
