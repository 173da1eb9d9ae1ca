import type { ServerVersion } from '../redis/versions.js'
import { largestKeyOf } from './key-sizes.js'
import { versionOf, type MigrationServer } from './server.js'
import type { ServerState } from './server-state.js'

/** What a plan is made from: the server as it is. */
export interface ServerFacts {
  readonly version: ServerVersion
  /** Empty where the server was started without one. */
  readonly configFile: string
  readonly runId: string
  /** On its own machine, in its own container. */
  readonly processId: number
  readonly isCluster: boolean
  readonly isReplica: boolean
  readonly replicas: number
  readonly usedMemory: number
  /** 0 for none. */
  readonly maxMemory: number
  readonly databases: readonly { readonly number: number; readonly keys: number }[]
  /** Databases other than 0 that somebody is connected to. */
  readonly usedElsewhere: readonly number[]
  /** Bytes of the largest key; only where it was measured, and 0 where no size matters. */
  readonly largestKey?: number | undefined
  readonly state: ServerState
}

/** `measures`: also the largest key, where maxmemory makes it matter, by a walk over all of them. */
export async function factsOf(
  server: MigrationServer,
  { measures = false }: { readonly measures?: boolean | undefined } = {},
): Promise<ServerFacts> {
  const info = await server.info()
  const number = (name: string): number => Number(info.get(name) ?? 0)
  const databases = [...info].flatMap(([name, text]) => {
    const database = /^db(\d+)$/.exec(name)?.[1]
    return database === undefined
      ? []
      : [{ number: Number(database), keys: Number(/^keys=(\d+)/.exec(text)?.[1] ?? 0) }]
  })
  const elsewhere = (await server.clients()).map(({ database }) => database).filter((entry) => entry > 0)
  const largestKey = number('maxmemory') === 0 ? 0 : measures ? await largestOf(server, databases) : undefined
  return {
    version: versionOf(info),
    configFile: info.get('config_file') ?? '',
    runId: info.get('run_id') ?? '',
    processId: number('process_id'),
    isCluster: info.get('cluster_enabled') === '1',
    isReplica: info.get('role') === 'slave',
    replicas: number('connected_slaves'),
    usedMemory: number('used_memory'),
    maxMemory: number('maxmemory'),
    databases,
    usedElsewhere: [...new Set(elsewhere)].toSorted((a, b) => a - b),
    largestKey,
    state: await server.state(),
  }
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

async function largestOf(
  server: MigrationServer,
  databases: readonly { readonly number: number }[],
): Promise<number> {
  const connection = server.open(server.way, 'sizes')
  try {
    await connection.ready()
    return await largestKeyOf(
      connection.client,
      databases.map(({ number }) => number),
    )
  } finally {
    await connection.close()
  }
}
