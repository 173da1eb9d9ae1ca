import type { RedisOptions } from 'ioredis'
import type { RedisSettings } from '../settings/settings.js'
import { tlsOptions } from './tls-options.js'

/** Time that `stream.end()` has for the other side's end before the socket is destroyed. */
export const GOODBYE_MS = 200
const KEEP_ALIVE_MS = 10_000

/**
 * The hardened options (docs/redis.md says why), for a connection to one server. Deadlines are our own
 * (lib/deadline.ts): ioredis's `commandTimeout` and `socketTimeout` punish pauses of the application.
 */
export function hardenedOptions(
  settings: RedisSettings,
  retryStrategy: (attempt: number) => number,
): RedisOptions {
  const { host, port, connectTimeoutMs } = settings
  const tls = settings.tls === undefined ? undefined : tlsOptions(settings.tls)
  return {
    host,
    port,
    ...(tls === undefined ? {} : { tls }),
    lazyConnect: true,
    connectTimeout: connectTimeoutMs,
    disconnectTimeout: GOODBYE_MS,
    keepAlive: KEEP_ALIVE_MS,
    // No queue, no replay: a write that "timed out" would be applied later, over a newer value.
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    // INFO and CLIENT SETINFO are not among the cache user's rights.
    enableReadyCheck: false,
    disableClientInfo: true,
    retryStrategy,
  }
}

/** For commands that wait by intent (BLPOP, XREAD BLOCK): no deadline, and what was blocked blocks again. */
export const BLOCKING_OPTIONS: RedisOptions = {
  enableOfflineQueue: true,
  autoResendUnfulfilledCommands: true,
  maxRetriesPerRequest: null,
}

/** Options that decide where to connect, how safely and how often: not for whoever duplicates a client. */
const OURS = new Set<string>([
  'host',
  'port',
  'path',
  'tls',
  'Connector',
  'sentinels',
  'retryStrategy',
  'reconnectOnError',
  'commandTimeout',
  'socketTimeout',
  'replyMapping',
])

/** What `duplicate()` may change. */
export function harmless(override: Partial<RedisOptions>): Partial<RedisOptions> {
  return Object.fromEntries(Object.entries(override).filter(([name]) => !OURS.has(name)))
}
