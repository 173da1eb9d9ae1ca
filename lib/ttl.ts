import { CacheError } from './errors.js'
import type { Ttl } from './interface.js'

/** Ten years of 365 days: past it a time to live is a mistake in units, and the sealed header must hold it. */
const MAX_SECONDS = 10 * 365 * 86_400

const UNIT_SECONDS = { s: 1, m: 60, h: 3600, d: 86_400 } as const

const EXPECTED =
  "ttl: expected seconds above 0 (fractions allowed, at most 10 years), a text such as '90s', '15m', '2h' or '7d', or null for no expiry"

/**
 * Milliseconds of a time to live, a whole number of at least 1; `null` for no expiry.
 *
 * Throws `ERR_CACHE_TTL` for everything else. 0 is refused on purpose: other caches disagree on whether it
 * means "for ever" or "not at all".
 */
export function ttlToMs(ttl: Ttl): number | null {
  if (ttl === null) return null
  const seconds = typeof ttl === 'number' ? ttl : secondsOf(ttl)
  if (!(seconds > 0 && seconds <= MAX_SECONDS)) throw new CacheError('ERR_CACHE_TTL', EXPECTED)
  return Math.max(1, Math.round(seconds * 1000))
}

function secondsOf(text: unknown): number {
  const [, amount, unit] =
    (typeof text === 'string' && /^(\d{1,12}(?:\.\d{1,12})?)([smhd])$/.exec(text)) || []
  return Number(amount) * UNIT_SECONDS[unit as keyof typeof UNIT_SECONDS]
}
