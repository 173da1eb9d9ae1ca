import type { Redis } from 'ioredis'
import { ConfigError } from '../errors.js'
import { SecurityEvents } from '../events.js'
import type { SecureCacheOptions } from '../interface.js'
import { chooseLogger, logEvents } from '../log.js'
import { readSettings } from '../settings/read.js'
import type { Settings, UserRole } from '../settings/settings.js'
import { openConnection } from './connection.js'
import type { Login } from './login.js'

export interface RedisClientOptions extends SecureCacheOptions {
  /** The role whose user logs in; the cache's own where absent. It needs its `REDIS_…_PASSWORD`. */
  readonly user?: UserRole | undefined
  /** True for commands that wait by intent (BLPOP, XREAD BLOCK): no deadline, no bound on what is pending. */
  readonly blocking?: boolean | undefined
}

/**
 * An ioredis client for session stores, rate limiters and queues, with the cache's own hardening: TLS and
 * login from the settings, errors without arguments, a deadline for each command (`CACHE_TIMEOUT_MS`),
 * no queue and no replay. It connects at once; commands wait for the first connection within their
 * deadline. Whoever creates it ends it with `quit()`.
 *
 * Commands reject with errors of this library. Keys are not prefixed: the user's rights end at
 * `REDIS_KEY_PREFIX`, or at the prefix of its own that an extra role has (`REDIS_EXTRA_ROLES`, such as
 * `REDIS_SESSIONS_PREFIX`), so let the keys begin with it.
 *
 * @throws {ConfigError} every problem of the settings at once, and a role without a password
 */
export function createRedisClient(options: RedisClientOptions = {}): Redis {
  const { user, blocking = false, ...rest } = options
  const settings = readSettings({ options: rest, alsoKnown: ['user', 'blocking'] })
  if (settings.backend !== 'redis') {
    throw refused('REDIS_HOST', 'createRedisClient() needs a Redis: set REDIS_HOST, or REDIS_URL')
  }
  if (settings.redis.topology === 'cluster') {
    throw refused(
      'REDIS_CLUSTER_NODES',
      'a plain client speaks to one server: give REDIS_HOST, or REDIS_SENTINELS, to createRedisClient({ env })',
    )
  }
  const events = new SecurityEvents()
  logEvents(events, chooseLogger(options.logger, settings))
  return openConnection({
    settings: settings.redis,
    ...(user === undefined ? {} : { user: loginOf(user, settings) }),
    events,
    purpose: 'client',
    timeoutMs: settings.cache.timeoutMs,
    bounds: blocking ? 'nobody' : 'gate',
  }).client
}

function loginOf(role: UserRole, { users, redis }: Settings): Login {
  if (!Object.hasOwn(users, role)) {
    throw refused('options.user', `there is no role of this name: ${Object.keys(users).join(', ')}`)
  }
  const user = users[role]
  if (user.password !== undefined) return user
  // Without ACL users there is one login for everything.
  if (redis.authentication !== 'acl') return { username: redis.username, password: redis.password }
  throw refused(
    'options.user',
    `the user ${user.username} has no password: set REDIS_${role.toUpperCase()}_PASSWORD`,
  )
}

function refused(name: string, message: string): ConfigError {
  return new ConfigError('ERR_CONFIG_OPTION', `${name}: ${message}`, [{ name, message }])
}
