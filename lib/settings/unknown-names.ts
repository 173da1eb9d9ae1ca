import leven from 'leven'
import type { SettingsWarning } from './settings.js'
import { synonymsOf, VARIABLE_NAMES } from './table.js'

/** Names that begin like ours and are not: nearly always a misspelling that would otherwise do nothing. */
const OURS = /^(?:REDIS|CACHE|SECURITY)_/i

/** What Kubernetes and Docker links inject for services called redis, cache, redis-cache and the like. */
const SERVICE_LINKS: readonly RegExp[] = [
  /^REDIS_(?:SERVICE|PORT)_/,
  /^(?:REDIS|CACHE|SECURITY)(?:_[A-Z0-9_]+)?_SERVICE_(?:HOST|PORT)(?:_[A-Z0-9_]+)?$/,
  /^(?:REDIS|CACHE|SECURITY)(?:_[A-Z0-9_]+)?_PORT_\d+_(?:TCP|UDP|SCTP)(?:_(?:PROTO|PORT|ADDR))?$/,
]
const SERVICE_ADDRESS = /^(?:tcp|udp|sctp):\/\//i

/** Names that other software uses, and what stands for them here. */
const ELSEWHERE: Readonly<Record<string, string>> = {
  REDIS_USERNAME: "the application's user is REDIS_CACHE_USERNAME",
  REDIS_USER: "the application's user is REDIS_CACHE_USERNAME",
  REDIS_PASS: 'the password is REDIS_CACHE_PASSWORD (ACL user) or REDIS_PASSWORD (default user)',
  REDIS_AUTH: 'the password is REDIS_CACHE_PASSWORD (ACL user) or REDIS_PASSWORD (default user)',
  REDIS_TLS: 'TLS is REDIS_TLS_ENABLED',
  REDIS_SSL: 'TLS is REDIS_TLS_ENABLED',
  REDIS_USE_TLS: 'TLS is REDIS_TLS_ENABLED',
  REDIS_DB: 'database 0 is the only one; REDIS_KEY_PREFIX tells applications apart',
  REDIS_DATABASE: 'database 0 is the only one; REDIS_KEY_PREFIX tells applications apart',
  REDIS_PREFIX: 'the prefix is REDIS_KEY_PREFIX',
  REDIS_MASTER_NAME: 'the name of the primary is REDIS_SENTINEL_NAME',
}

const KNOWN: ReadonlySet<string> = new Set(
  VARIABLE_NAMES.flatMap((name) => [name, ...synonymsOf(name)]).flatMap((name) => [name, `${name}_FILE`]),
)

/** Each compares a name with all of ours; an environment made of thousands of them is not a misspelling. */
const MAX_ADVICE = 100

/** True for a `REDIS_PORT=tcp://…` that the orchestrator set, not a person. */
export function isServiceLink(name: string, text: string): boolean {
  return name === 'REDIS_PORT' && SERVICE_ADDRESS.test(text)
}

/** A warning for each name that looks like ours and does nothing. */
export function unknownNames(env: Readonly<Record<string, unknown>>): readonly SettingsWarning[] {
  return Object.keys(env)
    .filter((name) => OURS.test(name) && !KNOWN.has(name) && !isInjected(name, env[name]))
    .map((name, index) => ({
      variable: printable(name),
      message: `unknown, without effect${index < MAX_ADVICE ? adviceFor(name.toUpperCase()) : '.'}`,
      insecure: false,
    }))
}

/** The nearest of some names, where one is near enough to be what was meant. */
export function nearest(name: string, known: Iterable<string>): string | undefined {
  // Longer than any name of ours with its typing errors: not worth the comparison.
  if (name.length > 64) return undefined
  const [best] = [...known]
    .map((candidate) => ({ candidate, distance: leven(name.toLowerCase(), candidate.toLowerCase()) }))
    .toSorted((one, other) => one.distance - other.distance)
  const reach = Math.max(2, Math.ceil(name.length / 5))
  return best !== undefined && best.distance <= reach ? best.candidate : undefined
}

/** A name comes from outside too: it must not break a line, nor fill a page. */
export function printable(name: string): string {
  return name.replaceAll(/[^A-Za-z0-9_.$-]/g, '?').slice(0, 64)
}

function isInjected(name: string, value: unknown): boolean {
  return (
    SERVICE_LINKS.some((pattern) => pattern.test(name)) ||
    (name.endsWith('_PORT') && typeof value === 'string' && SERVICE_ADDRESS.test(value))
  )
}

function adviceFor(name: string): string {
  const elsewhere = Object.hasOwn(ELSEWHERE, name) ? ELSEWHERE[name] : undefined
  if (elsewhere !== undefined) return `: ${elsewhere}.`
  const near = nearest(name, KNOWN)
  return near === undefined ? '.' : `: did you mean ${near}?`
}
