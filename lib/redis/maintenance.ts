import { CacheError } from '../errors.js'
import type { SecurityEvents } from '../events.js'
import type { RedisSettings, UserSettings } from '../settings/settings.js'
import type { RedisConnection } from './connection.js'
import { openConnection } from './connection.js'
import { escapeGlob } from './glob.js'
import { fromRedis } from './redis-errors.js'

const SCAN_COUNT = 500
/** One step of the work, as opposed to an operation of the cache: it may take its time. */
const STEP_TIMEOUT_MS = 5000
const READY_TIMEOUT_MS = 5000

export interface MaintenanceOptions {
  readonly settings: RedisSettings
  readonly user: UserSettings
  readonly events: SecurityEvents
}

/**
 * What the cache's own user may not do: SCAN shows key names. It has a connection of its own, opened when
 * it is first needed, as user `maintenance`.
 */
export class Maintenance {
  readonly #options: MaintenanceOptions
  #connection: RedisConnection | undefined

  constructor(options: MaintenanceOptions) {
    this.#options = options
  }

  /** Unlinks every key that begins with the text. */
  async clear(prefix: string): Promise<void> {
    const { client } = await this.#connect()
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
        if (keys.length > 0) await client.unlink(...keys)
      } while (cursor !== '0')
    } catch (error) {
      throw fromRedis(error, 'SCAN')
    }
  }

  async close(options: { readonly timeoutMs?: number | undefined } = {}): Promise<void> {
    await this.#connection?.close(options)
  }

  async #connect(): Promise<RedisConnection> {
    const { settings, user, events } = this.#options
    if (settings.authentication === 'acl' && user.password === undefined) {
      throw new CacheError(
        'ERR_CACHE_MISUSE',
        `clear() works as the Redis user ${user.username}: set REDIS_MAINTENANCE_PASSWORD`,
      )
    }
    this.#connection ??= openConnection({
      settings,
      // Without ACL users there is one login for everything.
      ...(settings.authentication === 'acl' ? { user } : {}),
      events,
      purpose: 'maintenance',
      timeoutMs: STEP_TIMEOUT_MS,
      reportsOutages: false,
      bounds: 'gate',
    })
    await this.#connection.ready({ timeoutMs: READY_TIMEOUT_MS })
    return this.#connection
  }
}
