import { parseUsers, type NormalRules, type NormalUser } from './normal-user.js'

/** One user, where the live server and the wanted users disagree. */
export interface UserDifference {
  readonly name: string
  /** `missing`: wanted and not there. `extra`: there and not wanted. `different`: both, with other rights. */
  readonly kind: 'missing' | 'extra' | 'different'
  /** What would change, in words that may be printed: no password, no hash. */
  readonly changes: readonly string[]
}

/** Users of a live server against those that are wanted. */
export interface AccessDifference {
  readonly users: readonly UserDifference[]
  /** Names of users that are as they should be. */
  readonly same: readonly string[]
}

/**
 * Compares what ACL LIST answers with the lines of a users.acl (or of an earlier ACL LIST). Order and spelling of
 * the rules do not count, what they allow does.
 *
 * @throws {ConfigError} ERR_CONFIG_INVALID for lines that no server takes
 */
export function compareUsers(live: readonly string[], wanted: readonly string[]): AccessDifference {
  return compareNormal(parseUsers(live), parseUsers(wanted))
}

/** {@link compareUsers}, of users that were parsed already. */
export function compareNormal(
  live: ReadonlyMap<string, NormalUser>,
  wanted: ReadonlyMap<string, NormalUser>,
): AccessDifference {
  const users: UserDifference[] = []
  const same: string[] = []
  for (const [name, user] of wanted) {
    const present = live.get(name)
    const changes = changesOf(present ?? nobody(name), user)
    if (present === undefined) users.push({ name, kind: 'missing', changes })
    else if (changes.length > 0) users.push({ name, kind: 'different', changes })
    else same.push(name)
  }
  for (const [name, user] of live) {
    if (wanted.has(name)) continue
    users.push({ name, kind: 'extra', changes: changesOf(user, nobody(name)) })
  }
  return { users, same }
}

/** What changes between two states of one user. */
function changesOf(from: NormalUser, to: NormalUser): readonly string[] {
  const changes = [
    ...flag(from.on, to.on, ['on', 'off']),
    ...flag(from.nopass, to.nopass, ['nopass: no password is asked', 'a password is asked']),
    ...flag(from.skipSanitize, to.skipSanitize, ['skip-sanitize-payload', 'sanitize-payload']),
    ...passwords(from.hashes, to.hashes),
    ...rules(from, to),
  ]
  const length = Math.max(from.selectors.length, to.selectors.length)
  for (let index = 0; index < length; index += 1) {
    const inside = rules(from.selectors[index] ?? NOTHING, to.selectors[index] ?? NOTHING)
    changes.push(...inside.map((change) => `selector ${index + 1}: ${change}`))
  }
  return changes
}

const NOTHING: NormalRules = { keys: [], channels: [], allCommands: false, commands: [] }

function nobody(name: string): NormalUser {
  return {
    ...NOTHING,
    name,
    on: false,
    nopass: false,
    hashes: [],
    skipSanitize: false,
    selectors: [],
    words: [],
  }
}

function flag(from: boolean, to: boolean, [yes, no]: readonly [string, string]): readonly string[] {
  return from === to ? [] : [to ? yes : no]
}

/** Counted, not shown: an unsalted hash of a weak password is as good as the password. */
function passwords(from: readonly string[], to: readonly string[]): readonly string[] {
  const added = to.filter((hash) => !from.includes(hash)).length
  const removed = from.filter((hash) => !to.includes(hash)).length
  return [
    ...(added === 0 ? [] : [`${added} password${added === 1 ? '' : 's'} more`]),
    ...(removed === 0 ? [] : [`${removed} password${removed === 1 ? '' : 's'} less`]),
  ]
}

function rules(from: NormalRules, to: NormalRules): readonly string[] {
  return [
    ...lists(from.keys, to.keys),
    ...lists(from.channels, to.channels),
    ...(from.allCommands === to.allCommands
      ? lists(from.commands, to.commands)
      : [to.allCommands ? 'gains +@all' : 'loses +@all']),
  ]
}

/** More than these are counted: nobody reads two hundred names. */
const NAMED = 20

function lists(from: readonly string[], to: readonly string[]): readonly string[] {
  return [
    ...named(
      'gains',
      to.filter((entry) => !from.includes(entry)),
    ),
    ...named(
      'loses',
      from.filter((entry) => !to.includes(entry)),
    ),
  ]
}

function named(verb: 'gains' | 'loses', entries: readonly string[]): readonly string[] {
  return entries.length > NAMED
    ? [`${verb} ${entries.length} rules`]
    : entries.map((entry) => `${verb} ${entry}`)
}
