import type { ExtraRole } from './settings.js'
import { refuse, type Validator } from './validator.js'

/** Roles beside the cache, for other uses of the same server; each has keys of its own. */
export const EXTRA_ROLES: readonly ExtraRole[] = ['sessions', 'rate_limit', 'queue']

/** Some of the extra roles, separated by commas; each once. */
export const extraRoles: Validator<readonly ExtraRole[]> = {
  expected: `some of ${EXTRA_ROLES.join(', ')}, separated by commas`,
  parse: (text) => {
    const words = text
      .split(',')
      .map((word) => word.trim().toLowerCase())
      .filter((word) => word !== '')
    const known = EXTRA_ROLES.filter((role) => words.includes(role))
    return known.length > 0 && known.length === new Set(words).size
      ? known
      : refuse(`expected ${extraRoles.expected}`)
  },
}

/** Where no prefix is given: beside that of the cache, and never within it. */
export function defaultExtraPrefix(keyPrefix: string, role: ExtraRole): string {
  return `${keyPrefix.slice(0, -1)}_${role}:`
}
