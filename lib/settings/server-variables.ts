import { bindAddress } from './addresses.js'
import { flag, memory } from './numbers.js'
import { serverVersion } from './texts.js'
import { choice } from './validator.js'
import { variable } from './variable.js'

const MIB = 1_048_576

/** What only the generated configuration of the server needs. */
export const SERVER = {
  REDIS_PROTECTED_MODE: variable({
    group: 'server',
    validator: flag,
    default: true,
    meaning: 'protected-mode of redis.conf.',
    example: 'true',
    remedy: 'Write true, or remove it.',
  }),
  REDIS_BIND_ADDRESS: variable({
    group: 'server',
    validator: bindAddress,
    default: '0.0.0.0',
    defaultText: '0.0.0.0 (inside the isolated network)',
    meaning: 'Addresses that the server listens on.',
    example: '0.0.0.0',
    remedy: 'Write IP addresses, such as 127.0.0.1.',
  }),
  REDIS_MAX_MEMORY: variable({
    group: 'server',
    validator: memory,
    default: { text: '256mb', bytes: 256 * MIB },
    defaultText: '256mb',
    meaning: 'maxmemory of redis.conf.',
    example: '256mb',
    remedy: 'Write an amount with its unit, such as 256mb.',
  }),
  REDIS_VERSION: variable({
    group: 'server',
    validator: serverVersion,
    default: 'auto',
    defaultText: 'auto (a local server: redis-server --version, else 7.0; a container: 7.4)',
    meaning: 'Version of the server that the configuration is for.',
    example: '7.4',
    remedy: 'Write auto, or a version such as 7.4 or valkey-8.1.',
  }),
  REDIS_TOPOLOGY: variable({
    group: 'server',
    validator: choice('standalone', 'replica', 'sentinel', 'cluster'),
    default: 'standalone',
    meaning: 'What the configuration is for: standalone, replica, sentinel or cluster.',
    example: 'standalone',
    remedy: 'Write standalone, replica, sentinel or cluster.',
  }),
  REDIS_PROFILE: variable({
    group: 'server',
    validator: choice('cache', 'data'),
    default: 'cache',
    meaning: 'cache: evicts, keeps nothing on disk; data: never evicts, append-only file.',
    example: 'cache',
    remedy: 'Write cache or data.',
  }),
} as const
