import { readServers } from '../lib/acl/deployment.js'
import { CacheError, isCacheError, type CacheErrorCode } from '../lib/errors.js'
import type { RedisConnection } from '../lib/redis/connection.js'
import { addressText } from '../lib/redis/identity.js'
import type { HostPort, UserRole } from '../lib/settings/settings.js'
import { readSettingsFile } from './environment.js'
import type { Operator, OperatorOptions } from './operator.js'
import { UsageError } from './usage-error.js'

/** Inside the output: users of the servers, and those of the Sentinels. */
export const ACL_FILE = 'conf/users.acl'
export const SENTINEL_ACL_FILE = 'sentinel/users.acl'

const READY_TIMEOUT_MS = 30_000

/** A server with users of its own: none of them tells the others of a change. */
export interface UserServer {
  /** `host:port`, of a Sentinel with a word before it. */
  readonly name: string
  readonly address: HostPort
  readonly kind: 'redis' | 'sentinel'
  /** Where its users stand in the output. */
  readonly aclFile: typeof ACL_FILE | typeof SENTINEL_ACL_FILE
  readonly connection: RedisConnection
}

export interface ServersOptions extends OperatorOptions {
  /** Only the server that the settings, or `--host` and `--port`, name. */
  readonly one?: boolean | undefined
}

type Reach = Pick<ServersOptions, 'one' | 'host' | 'port'>

/** All servers whose users are looked after together. */
export interface UserServers {
  readonly servers: readonly UserServer[]
  /** The output has users for Sentinels, which could not be looked at: nothing says where they are, or the admin is not here. */
  readonly isMissingSentinels: boolean
}

type Work<T> = (servers: UserServers) => Promise<T>

/** What a live auditor says that is not the generated one: not there, with another password, or with fewer rights. */
const NOT_AS_GENERATED: ReadonlySet<CacheErrorCode> = new Set<CacheErrorCode>([
  'ERR_REDIS_WRONGPASS',
  'ERR_REDIS_NOPERM',
])

/**
 * Work that changes nothing, as the least that can do it: the auditor where its password is here. The admin, from the
 * beginning, where the live auditor is not the generated one.
 */
export async function readServersOf<T>(operator: Operator, options: Reach, work: Work<T>): Promise<T> {
  if ((await operator.password('auditor')) === undefined) return withServers(operator, options, work)
  try {
    return await through(operator, { ...options, role: 'auditor' }, work)
  } catch (error) {
    const isOther = isCacheError(error) && NOT_AS_GENERATED.has(error.code)
    if (!isOther || (await operator.password('admin')) === undefined) throw error
    return withServers(operator, options, work)
  }
}

/**
 * Works as admin on every server of the deployment: nodes of a Cluster, a primary and its replicas, Sentinels that the
 * settings name. All of them are reached before any work begins.
 *
 * @throws {UsageError} where the password of the admin is not here
 */
export function withServers<T>(operator: Operator, options: Reach, work: Work<T>): Promise<T> {
  return through(operator, { ...options, role: 'admin' }, work)
}

async function through<T>(
  operator: Operator,
  { one, host, port, role }: Reach & { readonly role: 'admin' | 'auditor' },
  work: Work<T>,
): Promise<T> {
  const { redis } = operator.settings
  const opened: RedisConnection[] = []
  const open = async (address: HostPort | undefined, as: UserRole = role): Promise<RedisConnection> => {
    const connection = await operator.mustConnect(as, address)
    opened.push(connection)
    await connection.ready({ timeoutMs: READY_TIMEOUT_MS }).catch((error: unknown) => {
      throw address === undefined ? error : notReached(address, error)
    })
    return connection
  }
  const redisAt = async (address: HostPort, connection?: RedisConnection): Promise<UserServer> => ({
    name: addressText(address),
    address,
    kind: 'redis',
    aclFile: ACL_FILE,
    connection: connection ?? (await open(address)),
  })
  try {
    const isNamed = host !== undefined || port !== undefined
    const first = isNamed || redis.topology !== 'cluster' ? undefined : redis.clusterNodes[0]
    const start = await open(first)
    const self = first ?? start.address
    if (one === true) return await work({ servers: [await redisAt(self, start)], isMissingSentinels: false })
    const seen = await readServers(start.client, self)
    const { servers: all } =
      seen.follows === undefined ? seen : await readServers((await open(seen.follows)).client, seen.follows)
    const servers = await Promise.all(
      all.map((address) => redisAt(address, addressText(address) === addressText(self) ? start : undefined)),
    )
    // They have no auditor.
    const isReached = (await operator.password('admin')) !== undefined
    const sentinels = await Promise.all(
      (isReached ? redis.sentinels : []).map(async (address): Promise<UserServer> => {
        const connection = await open(address, 'admin')
        const name = `Sentinel ${addressText(address)}`
        return { name, address, kind: 'sentinel', aclFile: SENTINEL_ACL_FILE, connection }
      }),
    )
    const hasUsers = (await readSettingsFile(operator.path(SENTINEL_ACL_FILE))) !== undefined
    return await work({
      servers: [...servers, ...sentinels],
      isMissingSentinels: hasUsers && sentinels.length === 0,
    })
  } finally {
    await Promise.all(opened.map((connection) => connection.close()))
  }
}

function notReached(address: HostPort, error: unknown): Error {
  if (error instanceof UsageError || !isCacheError(error)) return error as Error
  return new CacheError(
    error.code,
    `${addressText(address)}, a server of the same deployment: ${error.message}. Nothing was changed; ` +
      'where it cannot be reached from here run the command for each server, with --one, --host and --port',
  )
}
