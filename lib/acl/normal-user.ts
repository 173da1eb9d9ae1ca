import { passwordHash } from '../access/roles.js'
import { COMMANDS } from '../audit/acl/commands.js'
import { simulate } from '../audit/acl/simulate.js'
import { parseAclUser, type AclRule, type AclUser } from '../audit/formats/acl-rules.js'
import { ConfigError } from '../errors.js'
import { Secret } from '../settings/secret.js'

/** What one list of rules allows, in a form in which equal means the same. */
export interface NormalRules {
  /** `~ai_cache:*`, `%R~enc:*`; sorted. */
  readonly keys: readonly string[]
  /** `&*`; sorted. */
  readonly channels: readonly string[]
  /** Whether everything is allowed but what is taken away: commands of later servers too. */
  readonly allCommands: boolean
  /** `+get`, `+acl|log`; sorted. Categories are resolved, for the server writes them as it likes (ACL LIST). */
  readonly commands: readonly string[]
}

/** A user, whatever order and words its rules were written in. */
export interface NormalUser extends NormalRules {
  readonly name: string
  readonly on: boolean
  readonly nopass: boolean
  /** SHA-256, hex, sorted. Not for printing: behind a weak password it is as good as the password. */
  readonly hashes: readonly string[]
  readonly skipSanitize: boolean
  readonly selectors: readonly NormalRules[]
  /** The rules as they were written, for ACL SETUSER. */
  readonly words: readonly string[]
}

const NOWHERE = { file: '', line: 0, column: 0 } as const

/**
 * Users from lines `user <name> <rules>`, as users.acl holds them and ACL LIST answers them, by name.
 *
 * @throws {ConfigError} ERR_CONFIG_INVALID for a line that the server would refuse; it is named by its number
 */
export function parseUsers(lines: readonly string[]): ReadonlyMap<string, NormalUser> {
  const users = new Map<string, NormalUser>()
  for (const [index, line] of lines.entries()) {
    if (line.trim() === '') continue
    const [keyword, name, ...words] = line.trim().split(' ')
    if (keyword !== 'user' || name === undefined || name === '' || users.has(name)) throw refused(index + 1)
    const { user, problems } = parseAclUser(
      { value: name, at: NOWHERE },
      words.map((value) => ({ value, at: NOWHERE })),
    )
    if (problems.length > 0) throw refused(index + 1)
    users.set(name, normalUser(user, words))
  }
  return users
}

function normalUser(user: AclUser, words: readonly string[]): NormalUser {
  const rules = user.rules.slice(user.rules.findLastIndex(({ kind }) => kind === 'reset') + 1)
  let on = false
  let nopass = false
  let skipSanitize = false
  const hashes = new Set<string>()
  const apply: Readonly<Partial<Record<AclRule['kind'], (value: string) => void>>> = {
    on: () => (on = true),
    off: () => (on = false),
    nopass: () => {
      nopass = true
      hashes.clear()
    },
    resetpass: () => {
      nopass = false
      hashes.clear()
    },
    password: (value) => {
      nopass = false
      hashes.add(passwordHash(new Secret(value)))
    },
    hash: (value) => {
      nopass = false
      hashes.add(value)
    },
    'remove-password': (value) => hashes.delete(passwordHash(new Secret(value))),
    'remove-hash': (value) => hashes.delete(value),
    'sanitize-payload': () => (skipSanitize = false),
    'skip-sanitize-payload': () => (skipSanitize = true),
  }
  for (const { kind, value } of rules) apply[kind]?.(value)
  return {
    name: user.name,
    on,
    nopass,
    hashes: [...hashes].toSorted(),
    skipSanitize,
    ...normalRules(rules),
    selectors: user.selectors.map(normalRules),
    words,
  }
}

function normalRules(rules: readonly AclRule[]): NormalRules {
  const keys = new Set<string>()
  const channels = new Set<string>()
  for (const rule of rules) {
    if (rule.kind === 'resetkeys') keys.clear()
    else if (rule.kind === 'keys') keys.add(keyText(rule))
    else if (rule.kind === 'resetchannels') channels.clear()
    else if (rule.kind === 'channels') channels.add(`&${rule.value}`)
  }
  const { grants, allCommands } = simulate({ name: '', at: NOWHERE, rules, selectors: [] })
  const commands = new Set([...grants.keys(), ...unknownCommands(rules)].map((name) => `+${name}`))
  return {
    keys: [...keys].toSorted(),
    channels: [...channels].toSorted(),
    allCommands: allCommands !== undefined,
    commands: [...commands].toSorted(),
  }
}

/** Single commands that our table does not know: those of modules and of later servers, and first arguments. */
function unknownCommands(rules: readonly AclRule[]): readonly string[] {
  const found = new Set<string>()
  for (const { kind, value } of rules) {
    if (kind.endsWith('-category') && value === 'all') found.clear()
    if (COMMANDS.has(value)) continue
    if (kind === 'allow-command') found.add(value)
    if (kind === 'deny-command') found.delete(value)
  }
  return [...found]
}

/** `%RW~x` is `~x` to the server, as ACL LIST shows. */
function keyText({ value, permission }: AclRule): string {
  return permission === undefined || permission === 'RW' ? `~${value}` : `%${permission}~${value}`
}

function refused(line: number): ConfigError {
  const message = `line ${line} of the users is none that a server takes: secure-cache check names what is wrong`
  return new ConfigError('ERR_CONFIG_INVALID', message, [{ name: 'users', message }])
}
