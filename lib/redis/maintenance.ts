import { CacheError } from '../errors.js'
import type { SecurityEvents } from '../events.js'
import type { HostPort, RedisSettings, UserSettings } from '../settings/settings.js'
import type { RedisConnection } from './connection.js'
import { openConnection } from './connection.js'
import { escapeGlob } from './glob.js'
import { addressText } from './identity.js'
import { keyGroups } from './key-groups.js'
import { fromRedis } from './redis-errors.js'
import { atNode } from './server-address.js'
import { slotOf } from './slot-map.js'

const SCAN_COUNT = 500
/** One step of the work, as opposed to an operation of the cache: it may take its time. */
const STEP_TIMEOUT_MS = 5000
const READY_TIMEOUT_MS = 5000

export interface MaintenanceOptions {
  readonly settings: RedisSettings
  readonly user: UserSettings
  readonly events: SecurityEvents
  /** The primaries of a Cluster; absent where there is one server. */
  readonly servers: () => readonly HostPort[] | undefined
}

/**
 * What the cache's own user may not do: SCAN shows key names. It has a connection of its own, opened when
 * it is first needed, as user `maintenance`.
 */
export class Maintenance {
  readonly #options: MaintenanceOptions
  /** By address; the one of a single server under a name of its own. */
  readonly #connections = new Map<string, RedisConnection>()

  constructor(options: MaintenanceOptions) {
    this.#options = options
  }

  /** Unlinks every key that begins with the text, on every server that has keys. */
  async clear(prefix: string): Promise<void> {
    const { settings, servers } = this.#options
    if (settings.topology !== 'cluster') {
      await this.#clearOne(settings, prefix)
      return
    }
    const nodes = servers() ?? []
    // Without a single node nothing would be cleared, and nobody told.
    for (const node of nodes.length > 0 ? nodes : settings.clusterNodes) {
      await this.#clearOne(atNode(settings, node), prefix)
    }
  }

  async close(options: { readonly timeoutMs?: number | undefined } = {}): Promise<void> {
    await Promise.all([...this.#connections.values()].map((connection) => connection.close(options)))
  }

  async #clearOne(server: RedisSettings, prefix: string): Promise<void> {
    const { client } = await this.#connect(server)
    const isCluster = this.#options.settings.topology === 'cluster'
    let cursor = '0'
    try {
      do {
        // SCAN may repeat a key and may miss none that was there all the while (redis.io/commands/scan).
        const [next, keys] = await client.scanBuffer(
          cursor,
          'MATCH',
          `${escapeGlob(prefix)}*`,
          'COUNT',
          SCAN_COUNT,
        )
        cursor = String(next)
        const groupOf = (key: Buffer) => (isCluster ? slotOf(key) : 0)
        const commands = keyGroups(keys, { most: SCAN_COUNT, groupOf })
        await Promise.all(commands.map((group) => client.unlink(...group)))
      } while (cursor !== '0')
    } catch (error) {
      throw fromRedis(error, 'SCAN')
    }
  }

  async #connect(server: RedisSettings): Promise<RedisConnection> {
    const { user, events, settings } = this.#options
    if (settings.authentication === 'acl' && user.password === undefined) {
      throw new CacheError(
        'ERR_CACHE_MISUSE',
        `clear() works as the Redis user ${user.username}: set REDIS_MAINTENANCE_PASSWORD`,
      )
    }
    const name = addressText(server)
    const connection =
      this.#connections.get(name) ??
      openConnection({
        settings: server,
        // Without ACL users there is one login for everything.
        ...(settings.authentication === 'acl' ? { user } : {}),
        events,
        purpose: 'maintenance',
        timeoutMs: STEP_TIMEOUT_MS,
        reportsOutages: false,
        bounds: 'gate',
      })
    this.#connections.set(name, connection)
    await connection.ready({ timeoutMs: READY_TIMEOUT_MS })
    return connection
  }
}
