import type { Requirement } from './draft.js'

/**
 * Settings with a place and a meaning that nothing acts on yet. They are refused: a protection or a server
 * that is silently not used would be worse than none. Whoever builds the missing part removes its row.
 */
export const NOT_YET: readonly Requirement[] = [
  {
    on: ['CACHE_KEY_NAMES'],
    broken: ({ values }) => values.CACHE_KEY_NAMES === 'hmac',
    message: 'hmac is not available yet: key names would stay readable. Write plain.',
  },
]
