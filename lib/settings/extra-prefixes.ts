import { isGiven, type Draft, type Requirement } from './draft.js'
import { EXTRA_ROLES, defaultExtraPrefix } from './extra-roles.js'
import type { ExtraRole } from './settings.js'
import type { Values, VariableName } from './table.js'

const PREFIX_OF = {
  sessions: 'REDIS_SESSIONS_PREFIX',
  rate_limit: 'REDIS_RATE_LIMIT_PREFIX',
  queue: 'REDIS_QUEUE_PREFIX',
} as const satisfies Readonly<Record<ExtraRole, VariableName>>

/** What begins the keys of an extra role. */
export function extraPrefixOf(values: Values, role: ExtraRole): string {
  return values[PREFIX_OF[role]] ?? defaultExtraPrefix(values.REDIS_KEY_PREFIX, role)
}

/** Keys of one role under the prefix of another would be open to both: the prefix is the ACL's pattern. */
export const PREFIX_REQUIREMENTS: readonly Requirement[] = EXTRA_ROLES.map((role) => ({
  on: [PREFIX_OF[role]],
  broken: (draft) =>
    isUsedRole(draft, role) && others(draft, role).some((other) => overlaps(draft, role, other)),
  message:
    'begins with another prefix (REDIS_KEY_PREFIX, or that of another role), or another one begins with it: both users would reach the same keys. Write one of its own.',
}))

/** Whether anybody asked for the role, or gave it a prefix. */
export function isUsedRole(draft: Draft, role: ExtraRole): boolean {
  return isGiven(draft, PREFIX_OF[role]) || draft.values.REDIS_EXTRA_ROLES?.includes(role) === true
}

/** The other prefixes in use. */
function others(draft: Draft, role: ExtraRole): readonly string[] {
  const { values } = draft
  const used = EXTRA_ROLES.filter((other) => other !== role && isUsedRole(draft, other))
  return [values.REDIS_KEY_PREFIX, ...used.map((other) => extraPrefixOf(values, other))]
}

function overlaps({ values }: Draft, role: ExtraRole, other: string): boolean {
  const own = extraPrefixOf(values, role)
  return own.startsWith(other) || other.startsWith(own)
}
