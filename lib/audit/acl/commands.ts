import type { ServerVersion } from '../../redis/versions.js'
import type { AclRule } from '../formats/acl-rules.js'
import { COMMAND_TABLE, DIRECTIVE_TABLE, SENTINEL_COMMAND_TABLE } from '../server-tables.js'

/** A command as access rules name it: `get`, `acl|log`. */
export interface CommandRow {
  readonly name: string
  readonly categories: ReadonlySet<string>
  /** `major.minor` of the first Redis that has it. */
  readonly since: string
}

function readTable(table: string): readonly CommandRow[] {
  return table
    .trim()
    .split('\n')
    .map((line) => {
      const [name = '', since = '', ...categories] = line.split(' ')
      return { name, since: since.split('.').slice(0, 2).join('.'), categories: new Set(categories) }
    })
}

const SERVER = readTable(COMMAND_TABLE)
const SENTINEL = readTable(SENTINEL_COMMAND_TABLE)

export const COMMANDS: ReadonlyMap<string, CommandRow> = new Map(SERVER.map((row) => [row.name, row]))
const SENTINEL_NAMES: ReadonlySet<string> = new Set(SENTINEL.map(({ name }) => name))

const CHILDREN = new Map<string, string[]>()
for (const { name } of SERVER) {
  const [parent = '', child] = name.split('|')
  if (child !== undefined) CHILDREN.set(parent, [...(CHILDREN.get(parent) ?? []), name])
}

/** The subcommands of a command; empty for one without. */
export function childrenOf(name: string): readonly string[] {
  return CHILDREN.get(name) ?? []
}

/** What can be executed: commands without subcommands, and subcommands. */
export const EXECUTABLE: readonly string[] = SERVER.map(({ name }) => name).filter(
  (name) => !CHILDREN.has(name),
)

/** ACL CAT of 7.0, with `all`. */
export const CATEGORIES: ReadonlySet<string> = new Set([
  'all',
  ...SERVER.flatMap(({ categories }) => [...categories]),
])

/** Categories that Redis 8 brought with its modules (redis.io: ACL, command categories). */
const LATER_CATEGORIES: ReadonlySet<string> = new Set([
  'json',
  'search',
  'tdigest',
  'cms',
  'bloom',
  'cuckoo',
  'topk',
  'timeseries',
])

interface LaterCommands {
  readonly names: string
  readonly redis: string | null
  readonly valkey: string | null
}

/** Commands younger than the table: the version of each product that brought them (`null`: never). */
const LATER: readonly LaterCommands[] = [
  { names: 'client|setinfo client|no-touch waitaof cluster|myshardid', redis: '7.2', valkey: '7.2' },
  { names: 'hexpire hexpireat hexpiretime hpexpire hpexpireat', redis: '7.4', valkey: '9.0' },
  { names: 'hpexpiretime hpersist hpttl httl', redis: '7.4', valkey: '9.0' },
  { names: 'hgetex hsetex', redis: '8.0', valkey: '9.0' },
  { names: 'hgetdel', redis: '8.0', valkey: null },
  { names: 'vadd vcard vdim vemb vgetattr vinfo vlinks vrandmember vrem', redis: '8.0', valkey: null },
  { names: 'vsetattr vsim', redis: '8.0', valkey: null },
  { names: 'xackdel xdelex vismember', redis: '8.2', valkey: null },
  { names: 'cluster|slot-stats', redis: '8.2', valkey: '8.0' },
  { names: 'delex digest msetex cluster|migration', redis: '8.4', valkey: null },
  { names: 'client|capa script|show', redis: null, valkey: '8.0' },
  { names: 'commandlog|get commandlog|len commandlog|reset', redis: null, valkey: '8.1' },
  {
    names: 'delifeq cluster|flushslot cluster|getslotmigrations cluster|migrateslots',
    redis: null,
    valkey: '9.0',
  },
]

const LATER_BY_NAME = new Map(
  LATER.flatMap((row) => row.names.split(' ').map((name) => [name, row] as const)),
)

export type Knowledge = 'known' | 'unknown' | 'not-in-target'

/** Whether the target knows a command; without a target, whether any version does. */
export function commandKnowledge(name: string, target: ServerVersion | undefined): Knowledge {
  const row = COMMANDS.get(name)
  if (row !== undefined) {
    // Valkey began with all that Redis 7.2 had.
    const reached = target === undefined || target.product === 'valkey' || reaches(target, row.since)
    return reached ? 'known' : 'not-in-target'
  }
  const later = LATER_BY_NAME.get(name)
  if (later !== undefined) {
    const floor = target === undefined ? '0.0' : later[target.product]
    return floor !== null && (target === undefined || reaches(target, floor)) ? 'known' : 'not-in-target'
  }
  // Module commands: part of Redis 8, elsewhere whatever was loaded.
  if (/^[a-z]+\.[a-z]/.test(name)) {
    return target?.product === 'redis' && target.major < 8 ? 'not-in-target' : 'known'
  }
  // A first argument stands for itself (`select|0`).
  const [parent = '', argument] = name.split('|')
  const firstArgument = argument !== undefined && argument !== '' && COMMANDS.has(parent)
  return firstArgument && childrenOf(parent).length === 0 ? commandKnowledge(parent, target) : 'unknown'
}

/** The same for a rule: a first argument can be allowed, never denied (`-select|0`). */
export function ruleKnowledge({ kind, value }: AclRule, target: ServerVersion | undefined): Knowledge {
  if (kind.endsWith('-category')) return isCategory(value) ? 'known' : 'unknown'
  if (kind !== 'allow-command' && kind !== 'deny-command') return 'known'
  return kind === 'deny-command' && isFirstArgument(value) ? 'unknown' : commandKnowledge(value, target)
}

export function isSentinelCommand(name: string): boolean {
  return SENTINEL_NAMES.has(name)
}

export function isCategory(name: string): boolean {
  return CATEGORIES.has(name) || LATER_CATEGORIES.has(name)
}

/** Whether a rule allows by first argument what is not a subcommand (deprecated in 7.0). */
export function isFirstArgument(name: string): boolean {
  const [parent = '', argument] = name.split('|')
  return argument !== undefined && COMMANDS.has(parent) && childrenOf(parent).length === 0
}

function reaches(version: ServerVersion, floor: string): boolean {
  const [major = 0, minor = 0] = floor.split('.').map(Number)
  return version.major > major || (version.major === major && version.minor >= minor)
}

/** Directives of redis.conf that CONFIG GET does not show (src/config.c). */
const ONLY_IN_FILES = ['include', 'loadmodule', 'rename-command', 'sentinel', 'user']
/** Directives of other versions than the table's: older names still accepted, younger ones. */
const OTHER_DIRECTIVES: Readonly<
  Record<string, { readonly redis: string | null; readonly valkey: string | null }>
> = {
  'hide-user-data-from-log': { redis: '7.4', valkey: '8.0' },
  'max-new-connections-per-cycle': { redis: '7.4', valkey: '8.0' },
  'max-new-tls-connections-per-cycle': { redis: '7.4', valkey: '8.0' },
  'close-replica-on-write-error': { redis: '7.2', valkey: '7.2' },
  'set-max-listpack-entries': { redis: '7.2', valkey: '7.2' },
  'set-max-listpack-value': { redis: '7.2', valkey: '7.2' },
  'cluster-announce-human-nodename': { redis: '7.2', valkey: '7.2' },
  'locale-collate': { redis: '7.2', valkey: '7.2' },
  'latency-tracking': { redis: '7.0', valkey: '7.2' },
  'lua-enable-deprecated-api': { redis: '7.2', valkey: '7.2' },
  'replica-full-sync-buffer-limit': { redis: '8.0', valkey: null },
  'cluster-slot-stats-enabled': { redis: '8.2', valkey: '8.0' },
  'tls-auth-clients-user': { redis: '8.6', valkey: '9.0' },
  'availability-zone': { redis: null, valkey: '8.0' },
  'dual-channel-replication-enabled': { redis: null, valkey: '8.0' },
  'extended-redis-compatibility': { redis: null, valkey: '8.0' },
  'import-mode': { redis: null, valkey: '8.1' },
  'commandlog-execution-slower-than': { redis: null, valkey: '8.1' },
  'commandlog-slow-execution-max-len': { redis: null, valkey: '8.1' },
  'list-max-ziplist-entries': { redis: '2.0', valkey: '7.2' },
  'list-max-ziplist-value': { redis: '2.0', valkey: '7.2' },
  'lua-replicate-commands': { redis: '5.0', valkey: '7.2' },
}

const DIRECTIVES: ReadonlySet<string> = new Set([...DIRECTIVE_TABLE.trim().split('\n'), ...ONLY_IN_FILES])

/** Whether the target knows a directive; without a target, whether any version does. */
export function directiveKnowledge(name: string, target: ServerVersion | undefined): Knowledge {
  if (DIRECTIVES.has(name)) return 'known'
  const other = OTHER_DIRECTIVES[name]
  if (other === undefined) return 'unknown'
  if (target === undefined) return 'known'
  const floor = other[target.product]
  return floor !== null && reaches(target, floor) ? 'known' : 'not-in-target'
}

/** The nearest directives for "did you mean". */
export const DIRECTIVE_NAMES: readonly string[] = [...DIRECTIVES]
