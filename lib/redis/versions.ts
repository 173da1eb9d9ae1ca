/**
 * What each server version knows. A directive or ACL rule that the target does not know is never written:
 * an unknown directive is fatal at start, and so is an unknown command in users.acl (CFG-009, ACL-019).
 */

/** A release line of a server, such as Redis 7.0 or Valkey 8.1. Patch levels change no feature. */
export interface ServerVersion {
  readonly product: 'redis' | 'valkey'
  readonly major: number
  readonly minor: number
}

/** `major.minor` of the first release that knows it; `null` where the product never did. */
interface Since {
  readonly redis: string | null
  readonly valkey: string | null
}

export interface Capability {
  readonly id: string
  readonly kind: 'directive' | 'acl rule' | 'command' | 'info field'
  readonly since: Since
  /** Where this can be read again. */
  readonly source: string
}

/**
 * Valkey began as a fork of Redis 7.2.4, so that it knows all that Redis 7.2 knew; what Redis added later
 * has a judgement of its own.
 */
const FORK = '7.2'
const SINCE = {
  '6.2': { redis: '6.2', valkey: FORK },
  '7.0': { redis: '7.0', valkey: FORK },
  '7.2': { redis: '7.2', valkey: FORK },
} as const satisfies Record<string, Since>

/** Absent from here: known since the oldest line that we support, 6.2. */
export const CAPABILITIES = [
  {
    kind: 'directive',
    id: 'acl-pubsub-default',
    since: SINCE['6.2'],
    source: 'Redis 6.2 release notes, new configuration options',
  },
  {
    kind: 'directive',
    id: 'tls-client-cert-file',
    since: SINCE['6.2'],
    source: 'Redis 6.2 release notes, new configuration options',
  },
  {
    kind: 'directive',
    id: 'set-proc-title',
    since: SINCE['6.2'],
    source: 'Redis 6.2 release notes, new configuration options',
  },
  {
    kind: 'directive',
    id: 'sanitize-dump-payload',
    since: SINCE['6.2'],
    source: 'Redis 6.2 release notes, new configuration options',
  },
  {
    kind: 'directive',
    id: 'enable-protected-configs',
    since: SINCE['7.0'],
    source: 'Redis 7.0 release notes, security improvements',
  },
  {
    kind: 'directive',
    id: 'enable-debug-command',
    since: SINCE['7.0'],
    source: 'Redis 7.0 release notes, security improvements',
  },
  {
    kind: 'directive',
    id: 'enable-module-command',
    since: SINCE['7.0'],
    source: 'Redis 7.0 release notes, security improvements',
  },
  {
    kind: 'directive',
    id: 'maxmemory-clients',
    since: SINCE['7.0'],
    source: 'redis.io: Redis client handling, client eviction',
  },
  {
    kind: 'directive',
    id: 'busy-reply-threshold',
    since: SINCE['7.0'],
    source: 'redis.conf of 7.0, formerly lua-time-limit',
  },
  {
    kind: 'directive',
    id: 'hide-user-data-from-log',
    since: { redis: '7.4', valkey: '8.0' },
    source: 'redis.conf of 7.4; valkey.conf of 8.0',
  },
  { kind: 'acl rule', id: 'key permissions', since: SINCE['7.0'], source: 'redis.io: ACL, key permissions' },
  { kind: 'acl rule', id: 'clearselectors', since: SINCE['7.0'], source: 'redis.io: ACL, selectors' },
  {
    kind: 'command',
    id: 'acl|dryrun',
    since: SINCE['7.0'],
    source: 'redis.io: ACL DRYRUN, available since 7.0.0',
  },
  {
    kind: 'command',
    id: 'command|list',
    since: SINCE['7.0'],
    source: 'redis.io: COMMAND LIST, available since 7.0.0',
  },
  {
    kind: 'command',
    id: 'function|list',
    since: SINCE['7.0'],
    source: 'redis.io: FUNCTION LIST, available since 7.0.0',
  },
  {
    kind: 'command',
    id: 'pexpiretime',
    since: SINCE['7.0'],
    source: 'redis.io: PEXPIRETIME, available since 7.0.0',
  },
  {
    kind: 'command',
    id: 'client|setinfo',
    since: SINCE['7.2'],
    source: 'redis.io: CLIENT SETINFO, available since 7.2.0',
  },
  {
    kind: 'info field',
    id: 'acl_access_denied_auth',
    since: SINCE['7.2'],
    source: 'redis.io: INFO, stats section',
  },
] as const satisfies readonly Capability[]

export type CapabilityId = (typeof CAPABILITIES)[number]['id']

/** A release line that the generator writes for, with the image that runs it. */
export interface Release {
  /** What {@link parseServerVersion} reads. */
  readonly version: string
  /** Exact tag (CMP-016): the newest patch level known to hold the fixes of VER-002. */
  readonly image: string
  /** False where the line gets no fixes any more, so that VER-001 and VER-002 remain. */
  readonly maintained: boolean
  readonly source: string
}

const FIXED = 'CVE-2026-81934 (TLS), CVE-2026-23479 and CVE-2025-49844 are fixed in it: their CVE records'

/** Oldest first. */
export const RELEASES: readonly Release[] = [
  { version: '6.2', image: 'redis:6.2.24', maintained: true, source: FIXED },
  { version: '7.0', image: 'redis:7.0.15', maintained: false, source: 'last of its line, none of the fixes' },
  { version: '7.2', image: 'redis:7.2.16', maintained: true, source: FIXED },
  { version: '7.4', image: 'redis:7.4.11', maintained: true, source: FIXED },
  { version: '8.2', image: 'redis:8.2.9', maintained: true, source: FIXED },
  { version: '8.4', image: 'redis:8.4.6', maintained: true, source: FIXED },
  { version: '8.6', image: 'redis:8.6.6', maintained: true, source: FIXED },
  { version: '8.8', image: 'redis:8.8.2', maintained: true, source: FIXED },
  { version: '8.10', image: 'redis:8.10.1', maintained: true, source: FIXED },
  {
    version: 'valkey-8.1',
    image: 'valkey/valkey:8.1.9',
    maintained: true,
    source: 'Valkey 8.1.9 release notes, security fixes',
  },
]

const BY_ID: ReadonlyMap<string, Capability> = new Map(CAPABILITIES.map((entry) => [entry.id, entry]))

/**
 * Reads `7.0`, `redis-7.0`, `valkey-8.1`, also with a patch level. Undefined for other text.
 */
export function parseServerVersion(text: string): ServerVersion | undefined {
  const match = /^(?:(redis|valkey)-)?(\d{1,3})\.(\d{1,3})(?:\.\d{1,5})?$/.exec(text)
  if (match === null) return undefined
  return {
    product: match[1] === 'valkey' ? 'valkey' : 'redis',
    major: Number(match[2]),
    minor: Number(match[3]),
  }
}

/** `7.0` for Redis, `valkey-8.1` for Valkey: what {@link parseServerVersion} reads. */
export function formatServerVersion({ product, major, minor }: ServerVersion): string {
  return `${product === 'valkey' ? 'valkey-' : ''}${major}.${minor}`
}

/** True from the oldest line that we support onwards: below it the ACL lacks channels (Redis 6.2). */
export function isSupportedVersion(version: ServerVersion): boolean {
  return reaches(version, version.product === 'valkey' ? FORK : '6.2')
}

/** Whether the version knows a directive, ACL rule, command or INFO field of the table. */
export function knows(version: ServerVersion, id: CapabilityId): boolean {
  return knowsName(version, id)
}

/**
 * Whether the version knows a command, written as ACL rules write it (`get`, `acl|dryrun`).
 * A command without a row is older than every line that we support.
 */
export function knowsCommand(version: ServerVersion, command: string): boolean {
  return knowsName(version, command)
}

function knowsName(version: ServerVersion, name: string): boolean {
  const capability = BY_ID.get(name)
  if (capability === undefined) return true
  const floor = capability.since[version.product]
  return floor !== null && reaches(version, floor)
}

function reaches(version: ServerVersion, floor: string): boolean {
  const [major = 0, minor = 0] = floor.split('.').map(Number)
  return version.major > major || (version.major === major && version.minor >= minor)
}
