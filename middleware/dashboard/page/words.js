/**
 * The words of the page, as tables.
 * @import { CheckState, StatusEvent } from './shapes.js'
 */

/** @type {Readonly<Record<string, string>>} */
export const CHECK_TITLES = {
  redis_authenticated: 'Login',
  tls_enabled: 'Encrypted connection',
  encryption_enabled: 'Encrypted values',
  network_isolated: 'Network',
  recent_auth_failures: 'Failed logins',
  redis_available: 'Connection to Redis',
  tls_certificate: 'Certificate',
  acl_role: 'Rights of our users',
  acl_denials: 'Refused by Redis',
  stored_values: 'Stored values',
  configuration: 'Settings',
}

/** @type {Readonly<Record<CheckState, { word: string, sign: string }>>} */
export const STATES = {
  pass: { word: 'fine', sign: '✓' },
  warn: { word: 'look at it', sign: '!' },
  fail: { word: 'not fine', sign: '✕' },
  unknown: { word: 'unknown', sign: '?' },
  not_applicable: { word: 'does not apply', sign: '–' },
}

/**
 * What an event says in words; its other fields follow as they are.
 * @type {Readonly<Record<string, string>>}
 */
export const EVENT_WORDS = {
  'auth.success': 'Logged in',
  'auth.failure': 'Login failed',
  'auth.recovered': 'A login worked after failures',
  'auth.brute_force': 'Somebody tries passwords',
  'acl.denied': 'Redis refused a command, key or channel',
  'acl.changed': 'Rights no longer fit the roles',
  'decrypt.failure': 'A stored value did not open',
  'encrypt.failure': 'A value could not be sealed',
  'tls.failure': 'TLS failed',
  'tls.expiring': 'The certificate ends soon',
  'server.plaintext_client': 'A client without TLS',
  'server.rejected': 'Redis turned connections away',
  'clock.skew': 'Clocks disagree',
  'redis.unavailable': 'Redis is away',
  'redis.recovered': 'Redis is back',
  'config.insecure': 'A setting gives up a protection',
  'config.reloaded': 'Settings were reloaded',
  'key.rotated': 'The key was changed',
  'alert.sent': 'An alert was sent',
  'alert.suppressed': 'Alerts were held back',
  'alert.failed': 'An alert could not be sent',
}

/** What no number here can see, whatever the state (docs/monitoring.md). */
export const NEVER_SEEN = [
  'Clients that Redis refuses in the TLS handshake: it counts them nowhere, only its log has them.',
  'Whether somebody else knows a password or a key and uses it as we would.',
  'Firewalls, and ports that are published on another machine.',
  'Values that nobody reads: one that was altered shows when it is read.',
  'Hits, misses, latency and values that did not open in other instances of this application.',
]

const FIELD_NAMES = /** @type {const} */ ({
  userName: 'user',
  sourceIp: 'from',
  errorCode: 'code',
  outageMs: 'away for (ms)',
  expiresAt: 'ends',
  daysLeft: 'days left',
  keyId: 'key',
  previousKeyId: 'previous key',
})

const SHOWN_APART = new Set(['type', 'at', 'severity'])

/** @param {StatusEvent} event */
export function eventDetails(event) {
  /** @type {Readonly<Record<string, string>>} */
  const names = FIELD_NAMES
  return Object.entries(/** @type {Readonly<Record<string, unknown>>} */ ({ ...event }))
    .filter(([name]) => !SHOWN_APART.has(name))
    .map(([name, value]) => `${names[name] ?? name}: ${String(value)}`)
    .join(' · ')
}

/** `1 check`, `2 checks`. @param {number} count @param {string} noun */
export function counted(count, noun) {
  return `${String(count)} ${noun}${count === 1 ? '' : 's'}`
}

/** @param {string} iso */
export function dateAndTime(iso) {
  return new Date(iso).toLocaleString(undefined, { dateStyle: 'medium', timeStyle: 'medium' })
}

/** @param {string | number} time */
export function hourAndMinute(time) {
  return new Date(time).toLocaleTimeString(undefined, { hour: '2-digit', minute: '2-digit' })
}

const UNITS = /** @type {const} */ ([
  [86_400_000, 'day'],
  [3_600_000, 'hour'],
  [60_000, 'minute'],
])

/** `3 hours`, `12 days`. @param {number} ms */
export function span(ms) {
  const [unit, noun] = UNITS.find(([size]) => ms >= size) ?? [1000, 'second']
  return counted(Math.max(Math.floor(ms / unit), 0), noun)
}
