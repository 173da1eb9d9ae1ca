import { isSupportedVersion, formatServerVersion, type ServerVersion } from '../redis/versions.js'
import { versionOf, type MigrationServer } from './server.js'
import type { ServerState } from './server-state.js'

/** What a plan is made from: the server as it is. */
export interface ServerFacts {
  readonly version: ServerVersion
  /** Empty where the server was started without one. */
  readonly configFile: string
  readonly runId: string
  readonly isCluster: boolean
  readonly isReplica: boolean
  readonly replicas: number
  readonly usedMemory: number
  /** 0 for none. */
  readonly maxMemory: number
  readonly databases: readonly { readonly number: number; readonly keys: number }[]
  readonly state: ServerState
}

export async function factsOf(server: MigrationServer): Promise<ServerFacts> {
  const info = await server.info()
  const number = (name: string): number => Number(info.get(name) ?? 0)
  return {
    version: versionOf(info),
    configFile: info.get('config_file') ?? '',
    runId: info.get('run_id') ?? '',
    isCluster: info.get('cluster_enabled') === '1',
    isReplica: info.get('role') === 'slave',
    replicas: number('connected_slaves'),
    usedMemory: number('used_memory'),
    maxMemory: number('maxmemory'),
    databases: [...info].flatMap(([name, text]) => {
      const database = /^db(\d+)$/.exec(name)?.[1]
      return database === undefined
        ? []
        : [{ number: Number(database), keys: Number(/^keys=(\d+)/.exec(text)?.[1] ?? 0) }]
    }),
    state: await server.state(),
  }
}

/** What sealing adds to a value, with what Redis adds to a longer string. */
const SEALING_BYTES = 96

/** Why no migration of ours can begin here. */
export function obstacles(facts: ServerFacts, seals: boolean): readonly string[] {
  const { version, isCluster, isReplica, replicas, usedMemory, maxMemory, state } = facts
  const needed = usedMemory + (seals ? SEALING_BYTES * keysOf(facts) : 0)
  const evicts = state.config.get('maxmemory-policy') !== 'noeviction'
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
      maxMemory > 0 && !evicts && needed > maxMemory,
      `sealed values need about ${needed} bytes, maxmemory is ${maxMemory} and nothing may be evicted: raise it first`,
    ],
  ]
  return rows.flatMap(([holds, text]) => (holds ? [text] : []))
}

/** What does not stand in the way, and should be known. */
export function remarks(facts: ServerFacts, seals: boolean): readonly string[] {
  const { configFile, maxMemory, usedMemory, databases, state } = facts
  const others = databases.filter(({ number }) => number !== 0)
  const evicts = state.config.get('maxmemory-policy') !== 'noeviction'
  const needed = usedMemory + (seals ? SEALING_BYTES * keysOf(facts) : 0)
  const rows: readonly (readonly [holds: boolean, text: string])[] = [
    [
      configFile === '',
      'the server was started without a configuration file: every step works and can be taken back, but a restart forgets all of it and leaves the server open; give it a file first (redis-server /path/redis.conf), or start it from the generated redis.conf afterwards',
    ],
    [
      others.length > 0,
      `databases ${others.map(({ number }) => number).join(', ')} hold keys: the generated redis.conf has one database, so move them before you start the server from it`,
    ],
    [
      maxMemory > 0 && evicts && needed > maxMemory,
      `sealed values need about ${needed} bytes, maxmemory is ${maxMemory}: Redis will evict some`,
    ],
  ]
  return rows.flatMap(([holds, text]) => (holds ? [text] : []))
}

/** Directives that no server takes while it runs, and what the generated redis.conf says. */
const FIXED: readonly (readonly [name: string, wanted: string])[] = [
  ['enable-protected-configs', 'no'],
  ['enable-debug-command', 'no'],
  ['enable-module-command', 'no'],
  ['databases', '1'],
]

/** What only a restart with the generated redis.conf brings; the server is safe without it. */
export function needsRestart({ state, configFile }: ServerFacts): readonly string[] {
  const differ = FIXED.flatMap(([name, wanted]) => {
    const present = state.config.get(name)
    return present === undefined || present === wanted ? [] : [`${name} ${wanted}`]
  })
  const inline = (state.config.get('aclfile') ?? '') === ''
  const users =
    configFile === ''
      ? 'aclfile (until then nothing keeps the users over a restart)'
      : 'aclfile (until then CONFIG REWRITE keeps the users in redis.conf)'
  return [...(inline ? [users] : []), ...differ]
}

function keysOf({ databases }: ServerFacts): number {
  return databases.reduce((sum, { keys }) => sum + keys, 0)
}
