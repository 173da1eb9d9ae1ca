import { createHash } from 'node:crypto'
import { earlierRules, keyPattern, refused, type EarlierKeys } from './key-patterns.js'
import { knows, knowsCommand, type ServerVersion } from '../redis/versions.js'
import type { Secret } from '../settings/secret.js'
import type { UserRole } from '../settings/settings.js'

/** What a deployment uses beyond the plain cache on one server; each adds its own commands. */
export type AccessFeature = 'cluster'

/**
 * Where a role may reach: `prefix` is the key prefix of the settings, `own` that of the user, `health` the
 * probe's own keys.
 */
type KeySpace = 'none' | 'prefix' | 'own' | 'health' | 'all'

/** What a role may do at a Sentinel: a server without keys, with commands of its own. */
export interface SentinelRights {
  readonly commands: readonly string[] | 'all'
  readonly channels: readonly string[]
}

export interface Role {
  readonly role: UserRole
  /** The user name where the settings name no other. */
  readonly username: string
  /** One sentence for users.acl's documentation and for advice in errors. */
  readonly duty: string
  readonly keys: KeySpace
  /** What it may do with keys of an earlier application (CACHE_LEGACY_PREFIXES); nothing where absent. */
  readonly earlierKeys?: EarlierKeys | undefined
  /** Channel patterns without the `&`. */
  readonly channels: readonly string[]
  /** As ACL rules write them, in the order of the file: `get`, `acl|log`; `all` is admin's alone (ACL-001). */
  readonly commands: readonly string[] | 'all'
  /** Commands that a feature adds. */
  readonly features: Readonly<Partial<Record<AccessFeature, readonly string[]>>>
  /** Rights at a Sentinel, which has users of its own; absent where the role never logs in there. */
  readonly atSentinel?: SentinelRights | undefined
  /** Why it has these commands and no others. */
  readonly source: string
}

/** What the cache sends to find its way in a Cluster (lib/redis/cluster-slots.ts, lib/redis/lane.ts). */
const CLUSTER_CLIENT = ['cluster|slots', 'asking']

/** What foreign clients send as well: ioredis asks for CLUSTER INFO and INFO before it is ready. */
const ANY_CLUSTER_CLIENT = [...CLUSTER_CLIENT, 'cluster|info', 'info', 'client|setname']
const ANY_SENTINEL_CLIENT: SentinelRights = {
  commands: ['sentinel|get-master-addr-by-name', 'sentinel|sentinels'],
  channels: [],
}

/**
 * The one table of roles: users.acl, the ACL DRYRUN tests, the status and the advice in our errors read it.
 * A role that this package logs in with has exactly the commands that are sent under its name (ACL-004; a
 * test listens to them), nothing by category:
 * broad categories allow FLUSHALL, RANDOMKEY and FUNCTION FLUSH, and deny PING.
 */
export const ROLES: readonly Role[] = [
  {
    role: 'cache',
    username: 'cache_service',
    duty: 'reads and writes the cached values of the application',
    keys: 'prefix',
    earlierKeys: 'read',
    channels: [],
    commands: words('get mget set unlink pexpire pttl ping'),
    features: { cluster: CLUSTER_CLIENT },
    // lib/redis/sentinel-lookup.ts asks for the primary, and for nothing else.
    atSentinel: { commands: ['sentinel|get-master-addr-by-name'], channels: [] },
    source: 'lib/redis/redis-store.ts: what the Store sends; no SCAN (ACL-007), no scripts (ACL-009)',
  },
  {
    role: 'maintenance',
    username: 'maintenance',
    duty: 'clears namespaces and seals values anew',
    keys: 'prefix',
    // clear() empties them; what is read there gets a name of this cache.
    earlierKeys: 'all',
    channels: [],
    commands: words('scan unlink get getrange pttl set watch unwatch multi exec ping'),
    // Who has which slots, and whether one of them is on its way (lib/redis/own-slots.ts).
    features: { cluster: ['cluster|slots', 'cluster|nodes'] },
    source:
      'lib/redis/maintenance.ts: clear() scans and unlinks; lib/redis/compare-and-set.ts and lib/keys/rewrite.ts: ' +
      'values are sealed anew by compare-and-set; the cache itself may not see names',
  },
  {
    role: 'health',
    username: 'health_service',
    duty: "answers the container's health check",
    keys: 'health',
    channels: [],
    commands: words('ping'),
    features: {},
    atSentinel: { commands: ['ping'], channels: [] },
    source: 'health check of docker-compose.yml (CMP-012)',
  },
  {
    role: 'monitor',
    username: 'monitor',
    duty: 'watches failed logins, denied commands and clients, for status and alerts',
    keys: 'none',
    channels: [],
    commands: words('ping info acl|log acl|dryrun client|list'),
    features: {},
    source: 'lib/monitor: polls INFO, ACL LOG and CLIENT LIST, proves roles by ACL DRYRUN',
  },
  {
    role: 'auditor',
    username: 'auditor',
    duty: 'reads configuration and access rules, for the live audit',
    keys: 'none',
    channels: [],
    commands: words(
      'ping info config|get acl|list acl|getuser acl|users acl|log acl|whoami acl|dryrun client|list ' +
        'module|list command|count command|list command|info role slowlog|get slowlog|len latency|latest ' +
        'function|list',
    ),
    // Whom else to look at (lib/acl/deployment.ts).
    features: { cluster: ['cluster|nodes'] },
    source: 'lib/audit: the live column of docs/rules.md',
  },
  {
    role: 'operator',
    username: 'operator',
    duty: 'reloads users.acl, ends sessions and looks into latency and memory',
    keys: 'none',
    channels: [],
    commands: words(
      'ping info role acl|load acl|list acl|getuser acl|users acl|log acl|dryrun acl|whoami config|get ' +
        'client|list client|kill slowlog|get slowlog|len slowlog|reset latency|latest latency|doctor ' +
        'memory|doctor memory|stats module|list',
    ),
    features: {},
    // To look at a failover; none of them changes what the Sentinels watch.
    atSentinel: {
      commands: words(
        'ping info acl|whoami acl|log sentinel|masters sentinel|replicas sentinel|sentinels sentinel|ckquorum ' +
          'sentinel|get-master-addr-by-name',
      ),
      channels: [],
    },
    source: 'daily operation without SETUSER or CONFIG SET (ACL-010)',
  },
  {
    role: 'replica',
    username: 'replica',
    duty: 'follows a primary',
    keys: 'none',
    channels: [],
    commands: words('psync replconf ping'),
    features: {},
    source: 'redis.io: ACL, ACL rules for Sentinel and Replicas',
  },
  {
    role: 'sentinel',
    username: 'sentinel',
    duty: 'watches the primary and promotes a replica',
    keys: 'none',
    channels: ['__sentinel__:hello'],
    commands: words(
      'multi slaveof ping exec subscribe config|rewrite role publish info client|setname client|kill ' +
        'script|kill',
    ),
    features: {},
    // What Sentinels send each other (src/sentinel.c: PING, the hello message, the vote on a failover); those of
    // Valkey 8 also send SLAVEOF and is-master-down-by-addr, under these names.
    atSentinel: {
      commands: words('ping publish client|setname sentinel|is-master-down-by-addr'),
      channels: ['__sentinel__:hello'],
    },
    source: 'redis.io: ACL, ACL rules for Sentinel and Replicas',
  },
  {
    role: 'sessions',
    username: 'sessions',
    duty: 'keeps the sessions of the application',
    keys: 'own',
    channels: [],
    // No SCAN: listing all sessions would show the names of everybody's keys (ACL-007).
    commands: words('get set del expire ping client|setinfo'),
    features: { cluster: ANY_CLUSTER_CLIENT },
    atSentinel: ANY_SENTINEL_CLIENT,
    source: 'connect-redis 9.0.0: set, get, touch and destroy, as a server saw them',
  },
  {
    role: 'rate_limit',
    username: 'rate_limit',
    duty: 'counts requests',
    keys: 'own',
    channels: [],
    commands: words(
      'get set del incr incrby decr pttl expire pexpire eval evalsha script|load multi exec ping client|setinfo',
    ),
    features: { cluster: ANY_CLUSTER_CLIENT },
    atSentinel: ANY_SENTINEL_CLIENT,
    source:
      'rate-limit-redis 6.0.1 and rate-limiter-flexible 11.4.0, as a server saw them; both count in scripts',
  },
  {
    role: 'queue',
    username: 'queue',
    duty: 'takes and gives jobs',
    keys: 'own',
    channels: [],
    commands: words(
      'del exists get set incr incrby persist pexpire pexpireat pttl rename time type unlink ' +
        'hdel hexists hget hgetall hincrby hlen hmget hmset hscan hset ' +
        'lindex llen lpop lpos lpush lrange lrem lset ltrim rpop rpoplpush rpush ' +
        'sadd scard sismember smembers srem sscan ' +
        'bzpopmin zadd zcard zcount zlexcount zpopmin zrange zrangebylex zrangebyscore zrem zremrangebyrank ' +
        'zremrangebyscore zrevrange zrevrangebyscore zscore ' +
        'xadd xdel xlen xrange xread xtrim ' +
        'eval evalsha script|load multi exec ping info client|setname client|setinfo',
    ),
    features: { cluster: ANY_CLUSTER_CLIENT },
    atSentinel: ANY_SENTINEL_CLIENT,
    source: 'BullMQ 6.7.0: what its classes send and its scripts call',
  },
  {
    role: 'admin',
    username: 'admin',
    duty: 'may do everything; no program of ours logs in with it',
    keys: 'all',
    channels: ['*'],
    commands: 'all',
    features: {},
    atSentinel: { commands: 'all', channels: ['*'] },
    source: 'one user with full rights, for changes that no role allows',
  },
]

const BY_ROLE: ReadonlyMap<string, Role> = new Map(ROLES.map((entry) => [entry.role, entry]))

/** The server and the deployment that a line is written for. */
export interface AccessContext {
  /** Key prefix of the settings, ends in `:` (ACL-012). */
  readonly keyPrefix: string
  /** What began the keys of an earlier application, for as long as they are read; none where absent. */
  readonly earlierPrefixes?: readonly string[] | undefined
  readonly version: ServerVersion
  readonly features?: readonly AccessFeature[] | undefined
  /** Whose access list it is: that of Redis where absent. */
  readonly at?: 'redis' | 'sentinel' | undefined
}

/** A user to be written. */
export interface AclUser {
  readonly username: string
  /** SHA-256 of each password, 64 lowercase hex digits: users.acl never holds a password (AUT-005). */
  readonly passwordHashes: readonly string[]
  /** Key prefix of a role with keys of its own, ends in `:`. */
  readonly ownPrefix?: string | undefined
}

/** The row of a role. */
export function roleOf(role: UserRole): Role {
  const found = BY_ROLE.get(role)
  if (found === undefined) throw new TypeError(`no such role: ${role}`)
  return found
}

/** Commands of a role on this server, as ACL rules write them; `all` for admin. */
export function commandsOf(
  role: UserRole,
  { version, features = [], at = 'redis' }: Pick<AccessContext, 'version' | 'features' | 'at'>,
): readonly string[] | 'all' {
  const { commands, features: byFeature, atSentinel } = roleOf(role)
  const own = at === 'sentinel' ? (atSentinel?.commands ?? []) : commands
  if (own === 'all') return 'all'
  const added = at === 'sentinel' ? [] : features.flatMap((feature) => byFeature[feature] ?? [])
  return [...new Set([...own, ...added])].filter((command) => knowsCommand(version, command))
}

/**
 * One line of users.acl, without its line end.
 *
 * @throws {ConfigError} ERR_CONFIG_INVALID for a user name, hash or prefix that the file cannot hold: it
 *   knows no quoting at all (redis.io: ACL, external ACL files); and for earlier prefixes that the version cannot
 *   open for reading alone
 */
export function aclLine(role: UserRole, options: AclUser & AccessContext): string {
  const { keys, atSentinel, ...redis } = roleOf(role)
  const { channels } = options.at === 'sentinel' ? (atSentinel ?? { channels: [] }) : redis
  const commands = commandsOf(role, options)
  const login = [checkedName(options.username), 'on', ...options.passwordHashes.map(checkedHash)]
  // A Sentinel has no keys: only admin, who may do everything, has a pattern there.
  const space = options.at === 'sentinel' && keys !== 'all' ? 'none' : keys
  const earlier = options.at === 'sentinel' ? [] : earlierRules(roleOf(role).earlierKeys, options)
  const patterns = [...keyRules(space, options), ...earlier]
  const channelRules = channels.map((channel) => `&${channel}`)
  const rules =
    commands === 'all'
      ? [...patterns, ...channelRules, '+@all']
      : // Subtract first, then add: the other order re-allows nothing here, but does elsewhere (ACL-011).
        [...patterns, 'resetchannels', ...channelRules, '-@all', ...commands.map((command) => `+${command}`)]
  return ['user', ...login, ...rules].join(' ')
}

/** The line without which a server with an aclfile is open, whatever requirepass says (AUT-002). */
export function defaultUserLine(version: ServerVersion): string {
  const selectors = knows(version, 'clearselectors') ? 'clearselectors ' : ''
  return `user default off resetpass resetkeys resetchannels ${selectors}-@all`
}

/**
 * The whole users.acl: the default user, off, then each user that has a password and anything to do there, in
 * the order of the table.
 *
 * @throws {ConfigError} ERR_CONFIG_INVALID as {@link aclLine}, for a name given twice and for `default`
 */
export function aclFile(
  options: AccessContext & { readonly users: Readonly<Partial<Record<UserRole, AclUser>>> },
): string {
  const names = new Set(['default'])
  const lines = [defaultUserLine(options.version)]
  for (const { role, atSentinel } of ROLES) {
    const user = options.users[role]
    if (user === undefined || user.passwordHashes.length === 0) continue
    if (options.at === 'sentinel' && atSentinel === undefined) continue
    if (names.has(user.username)) {
      throw refused('username', `the user name of role ${role} is taken: every role has a user of its own`)
    }
    names.add(user.username)
    lines.push(aclLine(role, { ...options, ...user }))
  }
  return `${lines.join('\n')}\n`
}

/** SHA-256 as ACL rules take it after `#`. Unsalted: only long random passwords are safe behind it (AUT-006). */
export function passwordHash(password: Secret): string {
  return createHash('sha256').update(password.reveal(), 'utf8').digest('hex')
}

function keyRules(
  space: KeySpace,
  { keyPrefix, ownPrefix = '' }: Pick<AccessContext, 'keyPrefix'> & Pick<AclUser, 'ownPrefix'>,
): readonly string[] {
  const rules: Readonly<Record<KeySpace, () => readonly string[]>> = {
    none: () => ['resetkeys'],
    prefix: () => [`~${keyPattern(keyPrefix)}`],
    own: () => [`~${keyPattern(ownPrefix)}`],
    health: () => ['~health:*'],
    all: () => ['~*'],
  }
  return rules[space]()
}

function checkedName(username: string): string {
  if (/^[A-Za-z0-9_.:@-]{1,128}$/.test(username)) return username
  throw refused('username', 'a user name has 1 to 128 letters, digits and _ . : @ -')
}

function checkedHash(hash: string): string {
  if (/^[0-9a-f]{64}$/.test(hash)) return `#${hash}`
  throw refused('passwordHashes', 'a password hash has 64 lowercase hexadecimal digits (SHA-256)')
}

function words(text: string): readonly string[] {
  return text.split(' ')
}
