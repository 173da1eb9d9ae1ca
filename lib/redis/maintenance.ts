import type { Redis } from 'ioredis'
import { CacheError, RedisError } from '../errors.js'
import type { SecurityEvents } from '../events.js'
import type { HostPort, RedisSettings, UserSettings } from '../settings/settings.js'
import type { Adoption, Store } from '../store.js'
import { adopt } from './adoption.js'
import { clearOnly } from './clear-only.js'
import type { Change } from './compare-and-set.js'
import type { RedisConnection } from './connection.js'
import { openConnection } from './connection.js'
import { ExchangeQueue } from './exchange-queue.js'
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

type Credentials = Parameters<RedisConnection['renew']>[0]

export interface MaintenanceOptions {
  readonly settings: RedisSettings
  readonly user: UserSettings
  readonly events: SecurityEvents
  /** The primaries of a Cluster; absent where there is one server. */
  readonly servers: () => readonly HostPort[] | undefined
  /** Milliseconds for one step of the work, as opposed to an operation of the cache; 5000 where absent. */
  readonly stepTimeoutMs?: number | undefined
}

/**
 * What the cache's own user may not do: SCAN shows key names. It has a connection of its own, opened when
 * it is first needed, as user `maintenance`.
 */
export class Maintenance {
  readonly #options: MaintenanceOptions
  /** By address; the one of a single server under a name of its own. */
  readonly #connections = new Map<string, RedisConnection>()
  /** What uses transactions has its turn there (compare-and-set.ts). */
  readonly #exchanges = new Map<string, ExchangeQueue>()
  #renewed: Credentials = {}

  constructor(options: MaintenanceOptions) {
    this.#options = options
  }

  /** Whether there is a user to exchange values as. In a Cluster nobody does. */
  get canExchange(): boolean {
    const { settings, user } = this.#options
    return (
      settings.topology !== 'cluster' && (settings.authentication !== 'acl' || user.password !== undefined)
    )
  }

  /** Names of several slots do not fit into one transaction of a Cluster. */
  get canAdopt(): boolean {
    return this.canExchange && this.#options.settings.topology !== 'cluster'
  }

  /** See {@link Store.adopt}. */
  async adopt(adoption: Adoption): Promise<boolean> {
    const { settings } = this.#options
    const { client } = await this.#connect(settings, 'sealing anew')
    return this.#exchangesOn(settings, client).alone(() => adopt(client, adoption))
  }

  /** Compare-and-set of one value; true where new bytes were written. */
  async exchange(key: string, change: Change): Promise<boolean> {
    const { settings } = this.#options
    const { client } = await this.#connect(settings, 'sealing anew')
    return this.#exchangesOn(settings, client).exchange(Buffer.from(key), change)
  }

  /** Password or certificates have changed; see `RedisConnection.renew`. */
  renew(credentials: Credentials): void {
    this.#renewed = { ...this.#renewed, ...credentials }
    for (const connection of this.#connections.values()) connection.renew(credentials)
  }

  /** Unlinks every key that begins with the text, on every server that has keys; see {@link Store.clear}. */
  async clear(...[prefix, only]: Parameters<Store['clear']>): Promise<void> {
    const { settings, servers } = this.#options
    if (settings.topology !== 'cluster') {
      await this.#clearOne(settings, prefix, only)
      return
    }
    const nodes = servers() ?? []
    // Without a single node nothing would be cleared, and nobody told.
    for (const node of nodes.length > 0 ? nodes : settings.clusterNodes) {
      await this.#clearOne(atNode(settings, node), prefix, only)
    }
  }

  async close(options: { readonly timeoutMs?: number | undefined } = {}): Promise<void> {
    await Promise.all([...this.#connections.values()].map((connection) => connection.close(options)))
  }

  #exchangesOn(server: RedisSettings, client: Redis): ExchangeQueue {
    const name = addressText(server)
    const exchanges = this.#exchanges.get(name) ?? new ExchangeQueue(client)
    this.#exchanges.set(name, exchanges)
    return exchanges
  }

  async #clearOne(server: RedisSettings, ...[prefix, only]: Parameters<Store['clear']>): Promise<void> {
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
        if (only !== undefined) {
          const exchanges = this.#exchangesOn(server, client)
          await exchanges.alone(() => clearOnly(client, { keys, groupOf, only }))
          continue
        }
        const commands = keyGroups(keys, { most: SCAN_COUNT, groupOf })
        await Promise.all(commands.map((group) => client.unlink(...group)))
      } while (cursor !== '0')
    } catch (error) {
      throw this.#failure(error)
    }
  }

  /** The bound of a step is not the one of an operation: raising CACHE_TIMEOUT_MS would not help. */
  #failure(error: unknown): CacheError {
    const known = fromRedis(error, 'SCAN')
    if (known.code !== 'ERR_CACHE_TIMEOUT') return known
    const message = `Redis did not answer a step of clear() within ${this.#stepTimeoutMs} ms: look at its load and the network`
    return new RedisError('ERR_CACHE_TIMEOUT', message, 'SCAN')
  }

  get #stepTimeoutMs(): number {
    return this.#options.stepTimeoutMs ?? STEP_TIMEOUT_MS
  }

  async #connect(server: RedisSettings, what = 'clear()'): Promise<RedisConnection> {
    const { events, settings } = this.#options
    const { password = this.#options.user.password, tls = server.tls } = this.#renewed
    const user = { ...this.#options.user, password }
    if (settings.authentication === 'acl' && password === undefined) {
      throw new CacheError(
        'ERR_CACHE_MISUSE',
        `${what} works as the Redis user ${user.username}: set REDIS_MAINTENANCE_PASSWORD`,
      )
    }
    const name = addressText(server)
    const connection =
      this.#connections.get(name) ??
      openConnection({
        settings: { ...server, tls },
        // Without ACL users there is one login for everything.
        user:
          settings.authentication === 'acl'
            ? user
            : { username: settings.username, password: password ?? settings.password },
        events,
        purpose: 'maintenance',
        timeoutMs: this.#stepTimeoutMs,
        reportsOutages: false,
        bounds: 'gate',
      })
    this.#connections.set(name, connection)
    await connection.ready({ timeoutMs: READY_TIMEOUT_MS })
    return connection
  }
}
