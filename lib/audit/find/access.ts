import { commandsOf, type AccessFeature } from '../../access/roles.js'
import { DANGERS } from '../acl/dangers.js'
import { isFirstArgument, isSentinelCommand, ruleKnowledge } from '../acl/commands.js'
import { ruleLists, simulate } from '../acl/simulate.js'
import type { FolderFacts } from '../facts.js'
import type { AclRule, AclUser } from '../formats/acl-rules.js'
import { lastDirective, settingOf } from '../formats/redis-conf.js'
import type { RuleSeverity } from '../level.js'
import type { Hit, RuleId } from '../rule.js'
import { nameRelease, vulnerabilitiesOf, type ServerRelease } from '../server-releases.js'
import { listed, printable } from './names.js'
import { confsOf, type Find } from './settings.js'
import { isAdmin, isOn, usersOf } from './users.js'

/** Users that can log in and are not admin. */
function limitedUsers(facts: FolderFacts): readonly AclUser[] {
  return usersOf(facts).flatMap(({ user }) => (isOn(user) && !isAdmin(facts, user) ? [user] : []))
}

/** ACL-001 */
export const allCommands: Find = function* (facts) {
  for (const user of limitedUsers(facts)) {
    const rule = simulate(user).allCommands
    if (rule !== undefined) {
      yield { at: rule.at, message: `user ${printable(user.name)} begins with every command there is` }
    }
  }
}

/** The patterns of a kind that count: after the last reset of theirs. */
function patternsOf(user: AclUser, kind: 'keys' | 'channels'): readonly AclRule[] {
  const reset = kind === 'keys' ? 'resetkeys' : 'resetchannels'
  return ruleLists(user).flatMap((rules) =>
    rules.slice(rules.findLastIndex((rule) => rule.kind === reset) + 1).filter((rule) => rule.kind === kind),
  )
}

/** ACL-002 */
export const allKeys: Find = function* (facts) {
  for (const user of limitedUsers(facts)) {
    for (const { at, value } of patternsOf(user, 'keys')) {
      if (value === '*') yield { at, message: `user ${printable(user.name)} reaches every key` }
    }
  }
}

/** ACL-003 */
export const allChannels: Find = function* (facts) {
  for (const user of limitedUsers(facts)) {
    for (const { at, value } of patternsOf(user, 'channels')) {
      if (value === '*') yield { at, message: `user ${printable(user.name)} reaches every channel` }
    }
  }
}

/** What a user may send beyond its role, with the rule that gives it; nothing where ACL-001 says all. */
function excessOf(facts: FolderFacts, user: AclUser): readonly (readonly [command: string, rule: AclRule])[] {
  const { grants, allCommands: everything } = simulate(user)
  if (everything !== undefined) return []
  const needed = new Set(neededBy(facts, user, sentinelUsers(facts).has(user) ? 'sentinel' : 'redis'))
  return [...grants].filter(([command]) => !needed.has(command))
}

function neededBy(facts: FolderFacts, user: AclUser, at: 'redis' | 'sentinel'): readonly string[] {
  const role = facts.roles.get(user.name)
  if (role === undefined) return []
  const version = facts.target ?? { product: 'redis', major: 99, minor: 0 }
  const commands = commandsOf(role, { version, features: featuresOf(facts), at })
  return commands === 'all' ? [] : commands
}

/** Users of Sentinels: of the `user` lines of a sentinel.conf, and of the access list that it names. */
function sentinelUsers(facts: FolderFacts): ReadonlySet<AclUser> {
  const known = SENTINEL_USERS.get(facts) ?? findSentinelUsers(facts)
  SENTINEL_USERS.set(facts, known)
  return known
}

/** Asked for each user, of facts that do not change. */
const SENTINEL_USERS = new WeakMap<FolderFacts, ReadonlySet<AclUser>>()

function findSentinelUsers(facts: FolderFacts): ReadonlySet<AclUser> {
  const confs = confsOf(facts, 'sentinel')
  const named = confs.map((conf) => ending(lastDirective(conf, 'aclfile')?.args[0]?.value ?? ''))
  const lists = facts.acls.filter(
    ({ path }) => confs.some((conf) => conf.path === path) || named.includes(ending(path)),
  )
  return new Set(lists.flatMap(({ users }) => users))
}

/** Folder and name of a file: its path is that of another machine or container. */
function ending(path: string): string {
  return path.replaceAll('\\', '/').split('/').slice(-2).join('/')
}

/** A Cluster shows in the configuration; without one, a user may be meant for it. */
function featuresOf(facts: FolderFacts): readonly AccessFeature[] {
  const confs = confsOf(facts)
  const cluster = confs.length === 0 || confs.some((conf) => settingOf(conf, 'cluster-enabled') === 'yes')
  return cluster ? ['cluster'] : []
}

/** One hit for each rule that gives such commands. */
function* excessHits(
  facts: FolderFacts,
  wanted: (command: string) => boolean,
  hit: (
    user: AclUser,
    commands: readonly string[],
  ) => { message: string; severity?: RuleSeverity | undefined },
): Generator<Hit> {
  for (const user of limitedUsers(facts)) {
    const byRule = new Map<AclRule, string[]>()
    for (const [command, rule] of excessOf(facts, user)) {
      if (!wanted(command)) continue
      const commands = byRule.get(rule) ?? []
      commands.push(command)
      byRule.set(rule, commands)
    }
    for (const [rule, commands] of byRule) yield { at: rule.at, ...hit(user, commands.toSorted()) }
  }
}

const DANGEROUS: ReadonlySet<string> = new Set(DANGERS.flatMap(({ commands }) => commands))
const REPLICATION_ROLES: ReadonlySet<string> = new Set(['replica', 'sentinel'])

/** ACL-004 and ACL-021: more than the role's row, apart from what a rule of its own names. */
export function beyondRole(of: 'replication' | 'others'): Find {
  return (facts) => {
    const concerned: FolderFacts = {
      ...facts,
      acls: facts.acls.map((list) => ({
        ...list,
        users: list.users.filter(({ name }) => {
          const role = facts.roles.get(name)
          return role !== undefined && REPLICATION_ROLES.has(role) === (of === 'replication')
        }),
      })),
    }
    return excessHits(
      concerned,
      (command) => !DANGEROUS.has(command),
      (user, commands) => ({
        message: `user ${printable(user.name)} may send more than its role needs: ${listed(commands)}`,
      }),
    )
  }
}

/** ACL-005 to ACL-010 and ACL-016 */
export function dangerousCommands(rule: RuleId, verb: string): Find {
  const commands = new Set(DANGERS.find((danger) => danger.rule === rule)?.commands)
  return (facts) =>
    excessHits(
      facts,
      (command) => commands.has(command),
      (user, given) => ({ message: `user ${printable(user.name)} may ${verb}: ${listed(given)}` }),
    )
}

/** ACL-009: arbitrary scripts weigh more where the server's interpreter has known holes. */
export const scripts: Find = (facts) => {
  const commands = new Set(DANGERS.find(({ rule }) => rule === 'ACL-009')?.commands)
  const unpatched = facts.target !== undefined && scriptHoles(facts.target)
  return excessHits(
    facts,
    (command) => commands.has(command),
    (user, given) => ({
      message: `user ${printable(user.name)} may run scripts of its own: ${listed(given)}`,
      severity: unpatched ? 'high' : undefined,
    }),
  )
}

function scriptHoles(release: ServerRelease): boolean {
  return vulnerabilitiesOf(release).some(({ ids }) => ids.includes('CVE-2025-49844'))
}

/** ACL-011 */
export const subtractBeforeAdd: Find = function* (facts) {
  for (const { user } of usersOf(facts)) {
    for (const { by, takenBy, commands } of simulate(user).regrants) {
      const taken = `${takenBy.kind === 'deny-category' ? '-@' : '-'}${takenBy.value}`
      const message = `+@${by.value} gives back what ${taken} took away before it: ${listed(commands)}`
      yield { at: by.at, message }
    }
  }
}

/** A pattern without its escapes, as the server reads it. */
function globParts(pattern: string): { readonly literal: string; readonly globs: readonly string[] } {
  const globs = [...pattern.matchAll(/\\.|[*?[]/gs)]
    .map(([part]) => part)
    .filter((part) => !part.startsWith('\\'))
  return { literal: pattern.replace(/\*$/, ''), globs }
}

/** ACL-012 */
export const noDelimiter: Find = function* (facts) {
  for (const user of limitedUsers(facts)) {
    for (const { at, value } of patternsOf(user, 'keys')) {
      if (/[A-Za-z0-9_]\*$/.test(value) && !value.endsWith(String.raw`\*`)) {
        const message = `the key pattern of user ${printable(user.name)} has no delimiter before *: it reaches every name that begins alike`
        yield { at, message }
      }
    }
  }
}

/** ACL-013 */
export const unescapedGlob: Find = function* (facts) {
  for (const user of limitedUsers(facts)) {
    for (const { at, value } of patternsOf(user, 'keys')) {
      const { globs } = globParts(
        value.endsWith('*') && !value.endsWith(String.raw`\*`) ? value.slice(0, -1) : value,
      )
      if (globs.length > 0) {
        const message = `the key prefix of user ${printable(user.name)} holds an unescaped ${globs[0] ?? ''}: it reaches other prefixes`
        yield { at, message }
      }
    }
  }
}

/** ACL-014 */
export const keyspaceChannels: Find = function* (facts) {
  for (const user of limitedUsers(facts)) {
    for (const { at, value } of patternsOf(user, 'channels')) {
      if (/^(?:__key|_\*|__\*)/.test(value)) {
        const message = `user ${printable(user.name)} may listen to keyspace events, which name keys of others`
        yield { at, message }
      }
    }
  }
}

/** ACL-015 */
export const firstArguments: Find = function* (facts) {
  for (const { user } of usersOf(facts)) {
    for (const { kind, value, at } of ruleLists(user).flat()) {
      if (kind === 'allow-command' && isFirstArgument(value)) {
        const message = `allowing ${value.split('|')[0] ?? ''} by its first argument is deprecated and no protection`
        yield { at, message }
      }
    }
  }
}

/** ACL-017 and ACL-018 */
export function syntax(crash: boolean): Find {
  return function* findSyntax(facts) {
    for (const { problems } of facts.acls) {
      for (const problem of problems) {
        if (problem.crash === crash) yield { at: problem.at, message: problem.message }
      }
    }
  }
}

/** ACL-019 */
export const unknownCommands: Find = function* (facts) {
  for (const { user } of usersOf(facts)) {
    const sentinel = sentinelUsers(facts).has(user)
    for (const rule of ruleLists(user).flat()) {
      const { at, value } = rule
      if (sentinel && (isSentinelCommand(value) || value === 'sentinel')) continue
      const knowledge = ruleKnowledge(rule, facts.target)
      if (knowledge === 'known') continue
      // An unknown word may be anything, also a secret in the wrong place: only known names are repeated.
      const what =
        knowledge === 'not-in-target' && facts.target !== undefined
          ? `${value} is unknown to ${nameRelease(facts.target)}`
          : 'no version knows this command or category'
      yield { at, message: `${what}: the server refuses the file` }
    }
  }
}

/** ACL-024 */
export const skipSanitize: Find = function* (facts) {
  for (const { user } of usersOf(facts)) {
    const rule = user.rules.findLast(({ kind }) => kind.endsWith('sanitize-payload'))
    if (rule?.kind !== 'skip-sanitize-payload' || !simulate(user).grants.has('restore')) continue
    const message = `user ${printable(user.name)} may RESTORE payloads that nobody checks: a crafted one crashes the server`
    yield { at: rule.at, message }
  }
}
