import { isGiven, type Draft, type Requirement } from './draft.js'
import { EXTRA_ROLES } from './extra-roles.js'
import { extraPrefixOf, isUsedRole } from './extra-prefixes.js'

/** What must hold where earlier prefixes are given. */
export const LEGACY_REQUIREMENTS: readonly Requirement[] = [
  {
    on: ['CACHE_LEGACY_PREFIXES'],
    broken: (draft) => isGiven(draft, 'CACHE_LEGACY_PREFIXES') && draft.values.CACHE_READ_MODE === 'strict',
    message:
      'without effect where CACHE_READ_MODE is strict: nothing that is not sealed is read. Set CACHE_READ_MODE to fernet or plaintext, with CACHE_READ_MODE_UNTIL, or remove it.',
  },
  {
    on: ['CACHE_LEGACY_PREFIXES'],
    broken: (draft) => isGiven(draft, 'CACHE_LEGACY_PREFIXES') && draft.values.CACHE_UNSAFE_NO_ENCRYPTION,
    message:
      'contradicts CACHE_UNSAFE_NO_ENCRYPTION: only what is sealed can be told from a value of the earlier application. Remove one of the two.',
  },
  {
    on: ['CACHE_LEGACY_PREFIXES'],
    broken: ({ values }) =>
      prefixesOf(values).some((prefix) =>
        [':', '@'].some((next) => prefix.startsWith(values.REDIS_KEY_PREFIX + next)),
      ),
    message:
      'holds a name of this cache itself: what begins with REDIS_KEY_PREFIX and ":" or "@" is its own. Write what began the keys of the earlier application.',
  },
  {
    on: ['CACHE_LEGACY_PREFIXES'],
    broken: (draft) => prefixesOf(draft.values).some((prefix) => isOthers(draft, prefix)),
    message:
      'begins with the prefix of another role (sessions, rate_limit, queue), or that begins with it: the cache would read the keys of others. Remove it, or give the role another prefix.',
  },
]

function prefixesOf({ CACHE_LEGACY_PREFIXES: prefixes }: Draft['values']): readonly string[] {
  return prefixes ?? []
}

function isOthers(draft: Draft, prefix: string): boolean {
  return EXTRA_ROLES.filter((role) => isUsedRole(draft, role))
    .map((role) => extraPrefixOf(draft.values, role))
    .some((other) => prefix.startsWith(other) || other.startsWith(prefix))
}
