import type { Redis } from 'ioredis'
import type { CacheError } from '../errors.js'
import { RedisError } from '../errors.js'
import type { SecurityEvents } from '../events.js'
import type { HostPort, RedisSettings, UserSettings } from '../settings/settings.js'
import type { Adoption, Store } from '../store.js'
import { adopt } from './adoption.js'
import { clearOnly } from './clear-only.js'
import { askForSlots } from './cluster-slots.js'
import type { Change } from './compare-and-set.js'
import { ExchangeQueue } from './exchange-queue.js'
import { escapeGlob } from './glob.js'
import { addressText } from './identity.js'
import { keyGroups } from './key-groups.js'
import type { KeyServer, KeyServers } from './key-servers.js'
import { MaintenanceConnections } from './maintenance-connections.js'
import { slotsOf } from './own-slots.js'
import { Redirection } from './redirection.js'
import { fromRedis } from './redis-errors.js'
import { atNode } from './server-address.js'
import { slotOf } from './slot-map.js'

const SCAN_COUNT = 500
/** One step of the work, as opposed to an operation of the cache: it may take its time. */
const STEP_TIMEOUT_MS = 5000
/** For one node to say who has which slots: there may be only one that works. */
const NODE_TIMEOUT_MS = 5000
/** Walks after which clear() gives up because slots of the Cluster keep moving. */
const MAX_WALKS = 3

export interface MaintenanceOptions {
  readonly settings: RedisSettings
  readonly user: UserSettings
  readonly events: SecurityEvents
  /** Nodes of a Cluster that the cache knows, beside those of the settings. */
  readonly servers?: (() => readonly HostPort[] | undefined) | undefined
  /** The node of a Cluster that has the key, as the cache knows it; absent where nobody knows. */
  readonly ownerOf?: ((key: string) => HostPort | undefined) | undefined
  /** Milliseconds for one step of the work, as opposed to an operation of the cache; 5000 where absent. */
  readonly stepTimeoutMs?: number | undefined
}

/**
 * What the cache's own user may not do: SCAN shows key names. It has connections of its own, one to each server
 * that has keys, opened when they are first needed, as user `maintenance`.
 */
export class Maintenance {
  readonly #options: MaintenanceOptions
  readonly #connections: MaintenanceConnections
  /** What uses transactions has its turn there (compare-and-set.ts). */
  readonly #exchanges = new WeakMap<Redis, ExchangeQueue>()

  constructor(options: MaintenanceOptions) {
    const { stepTimeoutMs: timeoutMs = STEP_TIMEOUT_MS, ...login } = options
    this.#options = options
    this.#connections = new MaintenanceConnections({ ...login, timeoutMs })
  }

  /** Whether there is a user to exchange values as. */
  get canExchange(): boolean {
    return this.#connections.canLogIn
  }

  /** Names of several slots do not fit into one transaction of a Cluster. */
  get canAdopt(): boolean {
    return this.canExchange && !this.#isCluster
  }

  /** See {@link Store.adopt}. */
  async adopt(adoption: Adoption): Promise<boolean> {
    const { client } = await this.#connections.to(this.#options.settings, 'sealing anew')
    return this.#exchangesOn(client).alone(() => adopt(client, adoption))
  }

  /** Compare-and-set of one value, at the server that has it; true where new bytes were written. */
  async exchange(key: string, change: Change): Promise<boolean> {
    const server = this.#isCluster ? this.#nodeOf(key) : this.#options.settings
    // Its slot is between two nodes, or nobody has it: the value waits for a later read.
    if (server === undefined) return false
    const { client } = await this.#connections.to(server, 'sealing anew')
    return this.#exchangesOn(client).exchange(Buffer.from(key), change)
  }

  /** Password or certificates have changed; see `RedisConnection.renew`. */
  renew(credentials: Parameters<MaintenanceConnections['renew']>[0]): void {
    this.#connections.renew(credentials)
  }

  /**
   * The servers that have keys, each with a connection: one, or every primary of a Cluster, asked for anew.
   * Rejects with a CacheError.
   *
   * @param what the work that they are for, for people
   */
  async find(what: string): Promise<KeyServers> {
    const { settings, servers: known } = this.#options
    if (!this.#isCluster) {
      return { servers: [await this.#keyServer(settings, what)], slots: () => Promise.resolve('all') }
    }
    const { map, error } = await askForSlots({
      connected: this.#connections.working,
      others: [...(known?.() ?? []), ...settings.clusterNodes],
      open: (address) => this.#connections.open(atNode(settings, address), what),
      timeoutMs: NODE_TIMEOUT_MS,
    })
    if (map === undefined) throw error ?? fromRedis(new Error('CLUSTERDOWN'), 'CLUSTER')
    this.#connections.keep(map.primaries)
    const servers = await Promise.all(
      map.primaries.map((address) => this.#keyServer(atNode(settings, address), what)),
    )
    return { servers, groupOf: slotOf, slots: () => slotsOf(servers.map(({ client }) => client)) }
  }

  /** Unlinks every key that begins with the text, on every server that has keys; see {@link Store.clear}. */
  async clear(...[prefix, only]: Parameters<Store['clear']>): Promise<void> {
    for (let walks = 1; walks <= MAX_WALKS; walks += 1) {
      const { servers, slots } = await this.find('clear()')
      const before = await slots()
      for (const { client } of servers) await this.#clearOne(client, prefix, only)
      if (before !== undefined && before === (await slots())) return
    }
    throw new RedisError(
      'ERR_REDIS_REPLY',
      'slots of the Cluster are moving from node to node, and keys with them: clear() again when that has ended',
      'SCAN',
    )
  }

  async close(options: { readonly timeoutMs?: number | undefined } = {}): Promise<void> {
    await this.#connections.close(options)
  }

  get #isCluster(): boolean {
    return this.#options.settings.topology === 'cluster'
  }

  #nodeOf(key: string): RedisSettings | undefined {
    const { settings, ownerOf } = this.#options
    const owner = ownerOf?.(key)
    return owner && atNode(settings, owner)
  }

  async #keyServer(server: RedisSettings, what: string): Promise<KeyServer> {
    const { client } = await this.#connections.to(server, what)
    return { name: addressText(server), client }
  }

  #exchangesOn(client: Redis): ExchangeQueue {
    const exchanges =
      this.#exchanges.get(client) ?? new ExchangeQueue(client, this.#isCluster ? slotOf : undefined)
    this.#exchanges.set(client, exchanges)
    return exchanges
  }

  async #clearOne(client: Redis, ...[prefix, only]: Parameters<Store['clear']>): Promise<void> {
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
        if (only !== undefined) {
          const groupOf = this.#isCluster ? slotOf : () => 0
          await this.#exchangesOn(client).alone(() => clearOnly(client, { keys, groupOf, only }))
          continue
        }
        // A node takes several keys at once only where all of them are of one slot, and none of them is on its way.
        const commands = keyGroups(keys, { most: this.#isCluster ? 1 : SCAN_COUNT, groupOf: () => 0 })
        await Promise.all(commands.map((group) => client.unlink(...group).catch(unlessMoved)))
      } while (cursor !== '0')
    } catch (error) {
      throw this.#failure(error)
    }
  }

  /** The bound of a step is not the one of an operation: raising CACHE_TIMEOUT_MS would not help. */
  #failure(error: unknown): CacheError {
    const known = fromRedis(error, 'SCAN')
    if (known.code !== 'ERR_CACHE_TIMEOUT') return known
    const { stepTimeoutMs = STEP_TIMEOUT_MS } = this.#options
    const message = `Redis did not answer a step of clear() within ${stepTimeoutMs} ms: look at its load and the network`
    return new RedisError('ERR_CACHE_TIMEOUT', message, 'SCAN')
  }
}

/** A key of a slot that has moved; {@link Maintenance.clear} then walks again. */
function unlessMoved(error: unknown): void {
  if (!(fromRedis(error, 'UNLINK') instanceof Redirection)) throw error
}
