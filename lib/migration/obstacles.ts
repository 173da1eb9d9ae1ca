import { isSupportedVersion, formatServerVersion } from '../redis/versions.js'
import type { ServerFacts } from './facts.js'
import { foreignUsers } from './foreign-users.js'
import { GROUP_BYTES } from './key-sizes.js'

/** What sealing adds to a value, with what Redis adds to a longer string. */
const SEALING_BYTES = 96
/** What DUMP takes while a reply is made: its own buffer with room to grow, and the copy that is sent. */
const COPIES_OF_A_REPLY = 3

/** What of the migration is still to come. */
export interface Ahead {
  readonly seals: boolean
  readonly backsUp: boolean
}

export interface ObstacleParts {
  readonly facts: ServerFacts
  readonly ahead: Ahead
  /** Names of the users that are the migration's own. */
  readonly own: readonly string[]
  /** Databases other than 0 belong to somebody else, and stay as they are. */
  readonly leavesDatabases: boolean
}

/** Why no migration of ours can begin here, or go on. */
export function obstacles(parts: ObstacleParts): readonly string[] {
  const { facts, own, leavesDatabases } = parts
  const { version, isCluster, isReplica, replicas, maxMemory, state } = facts
  const needed = bytesNeeded(parts)
  const elsewhere = databasesElsewhere(facts)
  const open = foreignUsers(state, own).filter(({ isOn, asksNothing }) => isOn && asksNothing)
  const rows: readonly (readonly [holds: boolean, text: string])[] = [
    [
      !isSupportedVersion(version),
      `the server is ${formatServerVersion(version)}: access control as we need it begins with Redis 6.2; upgrade it first`,
    ],
    [isCluster, 'the server is a node of a Cluster: only a single server can be migrated'],
    [isReplica, 'the server is a replica: migrate its primary, or REPLICAOF NO ONE first'],
    [
      replicas > 0,
      `${replicas === 1 ? '1 replica follows' : `${replicas} replicas follow`} the server, and would lose it when it asks for a login and closes its plaintext port: ` +
        'stop the Sentinels that watch it, send REPLICAOF NO ONE to each replica, and let them follow again afterwards, as a user of their own over TLS (REDIS_TOPOLOGY=replica generates both sides)',
    ],
    [
      !evicts(facts) && lacksMemory(facts, needed),
      `the backup and sealed values need about ${needed} bytes, maxmemory is ${maxMemory} and nothing may be evicted: raise it first`,
    ],
    [
      elsewhere.length > 0 && !leavesDatabases,
      `beside database 0 there is more (${elsewhere.join(', ')}): the cache and its user live in database 0 alone, so values elsewhere stay plain and clients there would lose them. ` +
        'Move what is the cache to database 0, its clients too; where it is somebody else, go on with --leave-databases, and give its clients a user of their own with +select',
    ],
    [
      open.length > 0,
      `users that ask for no password: ${open.map(({ shown }) => shown).join(', ')}; with them nobody needs a login: ACL SETUSER … resetpass, or ACL DELUSER, first`,
    ],
  ]
  return rows.flatMap(([holds, text]) => (holds ? [text] : []))
}

/** What does not stand in the way, and should be known. */
export function remarks(parts: ObstacleParts): readonly string[] {
  const { facts, own, leavesDatabases } = parts
  const { configFile, maxMemory, state } = facts
  const needed = bytesNeeded(parts)
  const elsewhere = databasesElsewhere(facts)
  const foreign = foreignUsers(state, own).map(
    ({ shown, mayEverything, isOn }) =>
      `${shown}${isOn ? '' : ' (off)'}${mayEverything ? ' (may do everything)' : ''}`,
  )
  const rows: readonly (readonly [holds: boolean, text: string])[] = [
    [
      configFile === '',
      'the server was started without a configuration file: every step works and can be taken back, but a restart forgets all of it and leaves the server open; give it a file first (redis-server /path/redis.conf), or start it from the generated redis.conf afterwards',
    ],
    [
      elsewhere.length > 0 && leavesDatabases,
      `beside database 0 there is more (${elsewhere.join(', ')}): it stays as it is, plain; the generated redis.conf has one database, so move it before you start the server from it`,
    ],
    [
      evicts(facts) && lacksMemory(facts, needed),
      `the backup and sealed values need about ${needed} bytes, maxmemory is ${maxMemory}: Redis will evict some keys; raise it first where they matter`,
    ],
    [
      foreign.length > 0,
      `users that are not of the migration stay as they are: ${foreign.join(', ')}; where you do not know one, ACL DELUSER it`,
    ],
  ]
  return rows.flatMap(([holds, text]) => (holds ? [text] : []))
}

function evicts({ state }: ServerFacts): boolean {
  return state.config.get('maxmemory-policy') !== 'noeviction'
}

function lacksMemory({ maxMemory }: ServerFacts, needed: number): boolean {
  return maxMemory > 0 && needed > maxMemory
}

/** What the server will hold at once, at most: replies of the backup count like values. */
function bytesNeeded({ facts, ahead }: ObstacleParts): number {
  const { usedMemory, databases, largestKey = 0 } = facts
  const keys = databases.reduce((sum, database) => sum + database.keys, 0)
  const reply = ahead.backsUp ? COPIES_OF_A_REPLY * Math.max(largestKey, GROUP_BYTES) : 0
  return usedMemory + Math.max(reply, ahead.seals ? SEALING_BYTES * keys : 0)
}

/** Databases other than 0 that hold keys or have clients, in words: `database 3: 12 keys, clients`. */
export function databasesElsewhere({ databases, usedElsewhere }: ServerFacts): readonly string[] {
  const counts = new Map(databases.map(({ number, keys }) => [number, keys]))
  const numbers = [...new Set([...counts.keys(), ...usedElsewhere])].filter((number) => number !== 0)
  return numbers
    .toSorted((a, b) => a - b)
    .map((number) => {
      const clients = usedElsewhere.includes(number) ? ', clients' : ''
      return `database ${number}: ${counts.get(number) ?? 0} keys${clients}`
    })
}
