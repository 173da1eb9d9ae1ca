import { openPrefixes } from '../../access/earlier-prefixes.js'
import type { UserRole } from '../../settings/settings.js'
import { legacyPrefixes, utcDate } from '../../settings/texts.js'
import type { Validator } from '../../settings/validator.js'
import type { FolderFacts } from '../facts.js'
import { envValue, type EnvFile } from '../formats/dotenv.js'
import type { AclRule, AclUser } from '../formats/acl-rules.js'
import { printable } from './names.js'
import type { Find } from './settings.js'
import { isOn, usersOf } from './users.js'

/**
 * ACL-025. A right to read alone is what the generator gives the cache for the keys of an earlier application; the
 * maintenance user has a whole one for the same keys. Without an environment file that names the keys and a date to
 * come nothing reads them.
 */
export const outlivedKeys: Find = function* (facts) {
  const { open, known } = prefixesOf(facts)
  const reading = keyRulesOf(facts, 'cache').filter(({ rule }) => rule.permission === 'R')
  // An earlier prefix may be that of the cache itself, which reaches it in any case.
  const own = new Set(
    keyRulesOf(facts, 'cache').flatMap(({ rule }) => (rule.permission === 'R' ? [] : [rule.value])),
  )
  const earlier = new Set([...known, ...reading.map(({ rule }) => rule.value)])
  const others = keyRulesOf(facts, 'maintenance').filter(
    ({ rule: { value } }) => earlier.has(value) && !own.has(value),
  )
  for (const { user, rule } of [...reading, ...others]) {
    if (open.has(rule.value)) continue
    const message = `user ${printable(user.name)} still reaches the keys ${printable(rule.value)} of an earlier application, which no settings here read (any more)`
    yield { at: rule.at, message }
  }
}

/** Key patterns of the users that play a role. */
function keyRulesOf(facts: FolderFacts, role: UserRole): readonly { user: AclUser; rule: AclRule }[] {
  return usersOf(facts)
    .map(({ user }) => user)
    .filter((user) => isOn(user) && facts.roles.get(user.name) === role)
    .flatMap((user) => user.rules.filter(({ kind }) => kind === 'keys').map((rule) => ({ user, rule })))
}

/** Patterns of the environment files: all of them, and those that are still read. */
function prefixesOf({ envs, now }: FolderFacts): {
  readonly known: readonly string[]
  readonly open: ReadonlySet<string>
} {
  const named = envs.map((env) => ({
    legacyPrefixes: valueIn(env, 'CACHE_LEGACY_PREFIXES', legacyPrefixes) ?? [],
    readModeUntil: valueIn(env, 'CACHE_READ_MODE_UNTIL', utcDate),
  }))
  const patterns = (prefixes: readonly string[]): readonly string[] => prefixes.map((prefix) => `${prefix}*`)
  return {
    known: named.flatMap((settings) => patterns(settings.legacyPrefixes)),
    open: new Set(named.flatMap((settings) => patterns(openPrefixes(settings, now.getTime())))),
  }
}

/** What a validator refuses has been reported as a setting, and counts for nothing here. */
function valueIn<T>(env: EnvFile, name: string, { parse }: Validator<T>): T | undefined {
  try {
    const text = envValue(env, name)?.value
    return text === undefined || text === '' ? undefined : parse(text)
  } catch {
    return undefined
  }
}
