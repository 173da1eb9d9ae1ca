import { ROLES } from '../../access/roles.js'
import type { UserRole } from '../../settings/settings.js'
import { effectiveRules, simulate } from '../acl/simulate.js'
import type { FolderFacts } from '../facts.js'
import type { AclList } from '../formats/acl-file.js'
import type { AclRule, AclUser } from '../formats/acl-rules.js'
import type { Position } from '../position.js'

/** A user with its list: what most access rules look at. */
export interface PlacedUser {
  readonly list: AclList
  readonly user: AclUser
}

export function usersOf(facts: FolderFacts): readonly PlacedUser[] {
  return facts.acls.flatMap((list) => list.users.map((user) => ({ list, user })))
}

/** Names of users by the role they play: the defaults of the one table of roles, then what settings say. */
export function roleNames(overrides: ReadonlyMap<UserRole, string>): ReadonlyMap<string, UserRole> {
  return new Map(ROLES.map(({ role, username }) => [overrides.get(role) ?? username, role]))
}

/** Users that may do everything on purpose. */
export function isAdmin(facts: FolderFacts, user: AclUser): boolean {
  return facts.roles.get(user.name) === 'admin'
}

/** Whether the user may log in: the last `on` or `off` decides; a new user is off. */
export function isOn(user: AclUser): boolean {
  return effectiveRules(user).findLast(({ kind }) => kind === 'on' || kind === 'off')?.kind === 'on'
}

/** The rule that opens the user to everybody, unless a later one brings a password back. */
export function nopassOf(user: AclUser): AclRule | undefined {
  const last = effectiveRules(user).findLast(({ kind }) =>
    ['nopass', 'resetpass', 'password', 'hash'].includes(kind),
  )
  return last?.kind === 'nopass' ? last : undefined
}

/** Passwords and hashes that count at the end. */
export function credentialsOf(user: AclUser): readonly AclRule[] {
  const rules = effectiveRules(user)
  const reset = rules.findLastIndex(({ kind }) => kind === 'resetpass' || kind === 'nopass')
  return rules.slice(reset + 1).filter(({ kind }) => kind === 'password' || kind === 'hash')
}

/** True for a user that can ask whether the server lives, and nothing else. */
export function mayOnlyPing(user: AclUser): boolean {
  return [...simulate(user).grants.keys()].every((command) => command === 'ping')
}

/** Where a user's rule of a kind stands, else its name. */
export function placeOfRule(user: AclUser, kind: AclRule['kind']): Position {
  return effectiveRules(user).findLast((rule) => rule.kind === kind)?.at ?? user.at
}
