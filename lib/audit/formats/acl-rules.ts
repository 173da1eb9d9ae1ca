import type { Position } from '../position.js'

/** A word of an access list, wherever it was written: users.acl, redis.conf, ACL LIST. */
export interface AclWord {
  readonly value: string
  readonly at: Position
}

export type AclRuleKind =
  | 'on'
  | 'off'
  | 'nopass'
  | 'resetpass'
  | 'sanitize-payload'
  | 'skip-sanitize-payload'
  | 'reset'
  | 'clearselectors'
  | 'resetkeys'
  | 'resetchannels'
  | 'password'
  | 'hash'
  | 'remove-password'
  | 'remove-hash'
  | 'keys'
  | 'channels'
  | 'allow-category'
  | 'deny-category'
  | 'allow-command'
  | 'deny-command'

/**
 * One rule of a user. `value` is what follows the prefix: a password, a hash, a pattern, a category or a
 * command in lower case. Passwords never leave this object: no message repeats a value of theirs.
 */
export interface AclRule {
  readonly kind: AclRuleKind
  readonly value: string
  readonly at: Position
  /** A key pattern of the form `%R~`: even `%RW~*` does not count as "all keys" to the server. */
  readonly percent?: boolean | undefined
  /** What a key pattern of that form lets through. */
  readonly permission?: 'R' | 'W' | 'RW' | undefined
}

export interface AclUser {
  readonly name: string
  readonly at: Position
  /** In the order written: it decides. */
  readonly rules: readonly AclRule[]
  /** Each selector grants on its own, beside the user's own rules. */
  readonly selectors: readonly (readonly AclRule[])[]
}

/** Something that the server refuses; `crash` where 7.0 does not even refuse but dies. */
export interface AclProblem {
  readonly at: Position
  readonly message: string
  readonly crash: boolean
}

const WORDS: Readonly<Record<string, readonly [AclRuleKind, string]>> = {
  on: ['on', ''],
  off: ['off', ''],
  nopass: ['nopass', ''],
  resetpass: ['resetpass', ''],
  'sanitize-payload': ['sanitize-payload', ''],
  'skip-sanitize-payload': ['skip-sanitize-payload', ''],
  reset: ['reset', ''],
  clearselectors: ['clearselectors', ''],
  resetkeys: ['resetkeys', ''],
  resetchannels: ['resetchannels', ''],
  allkeys: ['keys', '*'],
  allchannels: ['channels', '*'],
  allcommands: ['allow-category', 'all'],
  nocommands: ['deny-category', 'all'],
}

const PREFIXES: readonly (readonly [RegExp, AclRuleKind])[] = [
  [/^>/, 'password'],
  [/^#/, 'hash'],
  [/^</, 'remove-password'],
  [/^!/, 'remove-hash'],
  [/^~/, 'keys'],
  [/^%(?:R|W|RW|WR)~/i, 'keys'],
  [/^&/, 'channels'],
  [/^\+@/, 'allow-category'],
  [/^-@/, 'deny-category'],
  [/^\+/, 'allow-command'],
  [/^-/, 'deny-command'],
]

const PERMISSIONS: Readonly<Record<string, 'R' | 'W' | 'RW'>> = { R: 'R', W: 'W', RW: 'RW', WR: 'RW' }

/** What may stand inside a selector (acl.c, ACLSetSelector); the rest belongs to the user alone. */
const SELECTOR_KINDS: ReadonlySet<AclRuleKind> = new Set([
  'resetkeys',
  'resetchannels',
  'keys',
  'channels',
  'allow-category',
  'deny-category',
  'allow-command',
  'deny-command',
])

const HASH = /^[0-9a-f]{64}$/
const NESTED = 'a selector is opened inside another: the server forgets the first one'

export interface ParsedUser {
  readonly user: AclUser
  readonly problems: readonly AclProblem[]
}

/** Reads `name rule rule …`, as `ACLSetUser` applies it (src/acl.c, 7.0). */
export function parseAclUser(name: AclWord, words: readonly AclWord[]): ParsedUser {
  const rules: AclRule[] = []
  const selectors: AclRule[][] = []
  const problems: AclProblem[] = []
  let selector: AclRule[] | undefined
  let opened: Position | undefined
  let problemsBefore = 0
  for (const word of words) {
    let { value } = word
    let at = word.at
    const opens: boolean = value.startsWith('(') && (selector === undefined || !value.endsWith(')'))
    if (opens) {
      if (selector !== undefined) {
        // What stands in a forgotten selector is never read.
        problems.length = problemsBefore
        problems.push(refused(word.at, NESTED))
      }
      selector = []
      opened = word.at
      problemsBefore = problems.length
      value = value.slice(1)
      at = { ...at, column: at.column + 1 }
    }
    const closes = selector !== undefined && value.endsWith(')')
    if (closes) value = value.slice(0, -1)
    const parsed = value === '' ? undefined : parseRule(value, at)
    if (parsed !== undefined && 'message' in parsed) problems.push(parsed)
    else if (parsed !== undefined && selector !== undefined && !SELECTOR_KINDS.has(parsed.kind)) {
      problems.push(refused(at, 'this rule cannot stand inside a selector'))
    } else if (parsed !== undefined) (selector ?? rules).push(parsed)
    if (closes && selector !== undefined) {
      selectors.push(selector)
      selector = undefined
    }
  }
  if (selector !== undefined && opened !== undefined) {
    problems.push({
      at: opened,
      message: 'a selector is opened and never closed: the server crashes, at its start and on ACL LOAD',
      crash: true,
    })
  }
  const user = { name: name.value, at: name.at, rules, selectors }
  return { user, problems: [...problems, ...unreachablePatterns(user)] }
}

function parseRule(text: string, at: Position): AclRule | AclProblem {
  const word = WORDS[text.toLowerCase()]
  if (word !== undefined) return { kind: word[0], value: word[1], at }
  const prefix = PREFIXES.find(([pattern]) => pattern.test(text))
  if (prefix === undefined) return refused(at, 'this is no access rule: the server does not start')
  const [pattern, kind] = prefix
  const value = text.replace(pattern, '')
  if (/[\t\v\f\r]/.test(text)) return refused(at, 'a tab stands inside a rule: only spaces separate rules')
  if ((kind === 'hash' || kind === 'remove-hash') && !HASH.test(value)) {
    return refused(at, 'a password hash must be exactly 64 lowercase hexadecimal digits')
  }
  if (/^[a-z]+-(?:category|command)$/.test(kind)) {
    if (value === '') return refused(at, 'a command or category name is missing')
    if (/["']/.test(value)) return refused(at, 'quotes have no meaning in an access list')
    return { kind, value: value.toLowerCase(), at }
  }
  const permission = PERMISSIONS[/^%([rw]+)~/i.exec(text)?.[1]?.toUpperCase() ?? '']
  return { kind, value, at, percent: text.startsWith('%'), permission }
}

function refused(at: Position, message: string): AclProblem {
  return { at, message, crash: false }
}

/** A pattern after `~*` or `&*` is an error of its own for the server (EEXIST, EISDIR). */
function* unreachablePatterns(user: AclUser): Generator<AclProblem> {
  for (const list of [user.rules, ...user.selectors]) {
    for (const [kind, reset] of [
      ['keys', 'resetkeys'],
      ['channels', 'resetchannels'],
    ] as const) {
      let all = false
      for (const rule of list) {
        if (rule.kind === reset || rule.kind === 'reset') all = false
        if (rule.kind !== kind) continue
        const everything = rule.value === '*' && rule.percent !== true
        if (all && !everything) {
          yield refused(rule.at, `a pattern after the one that matches everything: write ${reset} first`)
        }
        all ||= everything
      }
    }
  }
}
