import leven from 'leven'
import type { SettingsWarning } from './settings.js'
import { SETTINGS, VARIABLE_NAMES, type VariableName } from './table.js'

/** Names that begin like ours and are not: nearly always a misspelling that would otherwise do nothing. */
const OURS = /^(?:REDIS|CACHE|SECURITY)_/i

/** What Kubernetes and Docker inject for a service called redis, cache, redis-cache and the like. */
const SERVICE_LINK =
  /^(?:REDIS|CACHE|SECURITY)(?:_[A-Z0-9_]+)?_(?:SERVICE_(?:HOST|PORT)|PORT_\d+_(?:TCP|UDP|SCTP))(?:_[A-Z0-9_]+)?$/
const SERVICE_PREFIX = /^REDIS_(?:SERVICE|PORT)_/

/** Names that other software uses, and what stands for them here. */
const ELSEWHERE: Readonly<Record<string, string>> = {
  REDIS_USERNAME: 'the application’s user is REDIS_CACHE_USERNAME',
  REDIS_USER: 'the application’s user is REDIS_CACHE_USERNAME',
  REDIS_PASS: 'the password is REDIS_CACHE_PASSWORD (ACL user) or REDIS_PASSWORD',
  REDIS_AUTH: 'the password is REDIS_CACHE_PASSWORD (ACL user) or REDIS_PASSWORD',
  REDIS_TLS: 'TLS is REDIS_TLS_ENABLED',
  REDIS_SSL: 'TLS is REDIS_TLS_ENABLED',
  REDIS_USE_TLS: 'TLS is REDIS_TLS_ENABLED',
  REDIS_DB: 'database 0 is the only one; tell applications apart by REDIS_KEY_PREFIX',
  REDIS_DATABASE: 'database 0 is the only one; tell applications apart by REDIS_KEY_PREFIX',
  REDIS_PREFIX: 'the prefix is REDIS_KEY_PREFIX',
  REDIS_MASTER_NAME: 'the primary’s name is REDIS_SENTINEL_NAME',
}

const KNOWN = new Set([...VARIABLE_NAMES, ...synonyms()].flatMap((name) => [name, `${name}_FILE`]))

/** True for a `NAME=tcp://…` that the orchestrator set, not a person. */
export function isServiceLink(name: string, text: string): boolean {
  return name === 'REDIS_PORT' && /^(?:tcp|udp|sctp):\/\//i.test(text)
}

/** A warning for each name that looks like ours and does nothing. */
export function unknownNames(names: readonly string[]): readonly SettingsWarning[] {
  return names
    .filter(
      (name) => OURS.test(name) && !KNOWN.has(name) && !SERVICE_LINK.test(name) && !SERVICE_PREFIX.test(name),
    )
    .map((name) => ({
      variable: printable(name),
      message: `unknown, without effect${adviceFor(name)}.`,
      insecure: false,
    }))
}

/** The nearest of some names, where one is near enough to be what was meant. */
export function nearest(name: string, known: Iterable<string>): string | undefined {
  // Longer than any name of ours with its typing errors: not worth the comparison.
  if (name.length > 64) return undefined
  const ranked = [...known]
    .map((candidate) => ({ candidate, distance: leven(name.toLowerCase(), candidate.toLowerCase()) }))
    .toSorted((one, other) => one.distance - other.distance)
  const [best] = ranked
  return best !== undefined && best.distance <= Math.max(2, Math.ceil(name.length / 4))
    ? best.candidate
    : undefined
}

function adviceFor(name: string): string {
  const elsewhere = Object.hasOwn(ELSEWHERE, name.toUpperCase()) ? ELSEWHERE[name.toUpperCase()] : undefined
  if (elsewhere !== undefined) return `: ${elsewhere}`
  const near = nearest(name, KNOWN)
  return near === undefined ? '' : `: did you mean ${near}?`.replace(/\?$/, '')
}

/** A name comes from outside too: it must not break a log line. */
function printable(name: string): string {
  return name.replaceAll(/[^A-Za-z0-9_]/g, '?').slice(0, 64)
}

function synonyms(): readonly string[] {
  return VARIABLE_NAMES.flatMap((name: VariableName) => {
    const row = SETTINGS[name]
    return 'synonym' in row && row.synonym !== undefined ? [row.synonym] : []
  })
}
