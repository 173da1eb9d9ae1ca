import { matching, refuse, type Validator } from './validator.js'

/** Names that need no quoting in users.acl, which knows none (docs/redis.md, "Configuration files"). */
export const username = matching(
  /^[A-Za-z0-9_.:@-]{1,128}$/,
  'a user name of letters, digits and _ . : @ -, at most 128',
)

export const sentinelName = matching(
  /^[A-Za-z0-9_.-]{1,128}$/,
  'the name of the monitored primary: letters, digits and _ . -',
)

/** Deliverable is what the mail server accepts; this only tells an address from something else. */
export const email = matching(
  /^(?=.{3,254}$)[^\s@,;<>"\p{Cc}]+@[^\s@,;<>"\p{Cc}]+$/u,
  'one e-mail address such as ops@example.com',
)

/** Begins every key and the ACL's key pattern, where white space and parentheses cannot be written. */
export const keyPrefix: Validator<string> = {
  expected:
    'a text that ends in ":", without white space, control characters and parentheses, at most 128 bytes',
  parse: (text) => {
    if (!text.endsWith(':')) return refuse('expected a ":" at the end, such as "shop:"')
    const fine = text.length > 1 && !/[\s()\p{Cc}\p{Cf}\p{Cs}]/u.test(text) && Buffer.byteLength(text) <= 128
    return fine ? text : refuse(`expected ${keyPrefix.expected}`)
  },
}

/** Each is one more key of every read in the root namespace, and one more key pattern of a user. */
const MAX_LEGACY_PREFIXES = 8
const MAX_PREFIX_BYTES = 128

/**
 * Needs no quoting in users.acl and no escape in a pattern. What comes last is no letter, digit or `_`: `~enc*`
 * would reach `encyclopedia` as well (ACL-012).
 */
const LEGACY_PREFIX = /^[A-Za-z0-9_.:/|#@+=~{}-]*[.:/|#@+=~{}-]$/

/** What began the keys of an earlier application, separated by commas. */
export const legacyPrefixes: Validator<readonly string[]> = {
  expected: `up to ${MAX_LEGACY_PREFIXES} texts separated by commas, each of at most ${MAX_PREFIX_BYTES} letters, digits and _ . : / | # @ + = ~ { } -, with a delimiter such as ":" at its end`,
  parse: (text) => {
    const prefixes = text.split(',').map((prefix) => prefix.trim())
    const fine = prefixes.every((prefix) => prefix.length <= MAX_PREFIX_BYTES && LEGACY_PREFIX.test(prefix))
    if (!fine || prefixes.length > MAX_LEGACY_PREFIXES) return refuse(`expected ${legacyPrefixes.expected}`)
    // One value would belong to two keys: `a:b:c` is `b:c` after `a:`, and `c` after `a:b:`.
    if (prefixes.some((one, at) => prefixes.some((other, place) => place !== at && other.startsWith(one)))) {
      return refuse('two of them are the same, or one begins with another: a value would have two keys')
    }
    return prefixes
  },
}

/** The oldest line of each product that the generator writes for: Valkey began as a fork of Redis 7.2. */
const OLDEST: Readonly<Record<string, readonly [major: number, minor: number]>> = {
  redis: [6, 2],
  valkey: [7, 2],
}

/** `auto`, or the version of a server; a patch level is accepted and dropped. */
export const serverVersion: Validator<string> = {
  expected: 'auto, a version of Redis such as 7.0, from 6.2 on, or of Valkey such as valkey-8.1, from 7.2 on',
  parse: (text) => {
    const word = text.trim().toLowerCase()
    if (word === 'auto') return word
    const [, product = 'redis', major, minor = '0'] =
      /^(?:(redis|valkey)-)?([1-9]\d{0,2})(?:\.(0|[1-9]\d{0,2})(?:\.\d{1,3})?)?$/.exec(word) ?? []
    const [first, second] = OLDEST[product] ?? [0, 0]
    const known = Number(major) > first || (Number(major) === first && Number(minor) >= second)
    if (!known) return refuse(`expected ${serverVersion.expected}`)
    return `${product === 'redis' ? '' : `${product}-`}${major}.${minor}`
  },
}

/**
 * A moment in UTC: a date is its first moment. `Date` alone would accept local times and turn 30 February
 * into 2 March, so the text is compared with what it became.
 */
export const utcDate: Validator<Date> = {
  expected: 'a UTC date such as 2030-01-31 or 2030-01-31T12:00:00Z',
  parse: (text) => {
    const [, day, time = '00:00:00'] =
      /^(\d{4}-\d{2}-\d{2})(?:T(\d{2}:\d{2}(?::\d{2})?)Z)?$/.exec(text.trim().toUpperCase()) ?? []
    const iso = `${day}T${time.length === 5 ? `${time}:00` : time}.000Z`
    const date = new Date(iso)
    return Number.isFinite(date.getTime()) && date.toISOString() === iso
      ? date
      : refuse(`expected ${utcDate.expected}`)
  },
}
