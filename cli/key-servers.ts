import { SecurityEvents } from '../lib/events.js'
import type { FindKeyServers } from '../lib/redis/key-servers.js'
import { Maintenance } from '../lib/redis/maintenance.js'
import { readSettings } from '../lib/settings/read.js'
import type { Environment } from './environment.js'
import { UsageError } from './usage-error.js'

/** One step of work, as opposed to a request. */
const STEP_TIMEOUT_MS = 30_000

/**
 * Works on the servers that have keys: one, the primary of the Sentinels, or every primary of a Cluster; as user
 * `maintenance`.
 *
 * @throws {UsageError} where the settings name no server
 */
export async function withKeyServers<T>(
  environment: Environment,
  work: (find: FindKeyServers) => Promise<T>,
): Promise<T> {
  const { backend, redis, users } = readSettings({ env: environment })
  if (backend !== 'redis') throw new UsageError('there is no Redis in the settings', 'set REDIS_HOST')
  const maintenance = new Maintenance({
    settings: redis,
    user: users.maintenance,
    events: new SecurityEvents(),
    stepTimeoutMs: STEP_TIMEOUT_MS,
  })
  try {
    return await work(() => maintenance.find('secure-cache keys'))
  } finally {
    await maintenance.close()
  }
}
