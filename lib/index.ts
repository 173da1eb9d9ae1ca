/** Entry `express-secure-cache/cache`: the cache without Express, for workers, jobs and scripts. */
export { createSealer, createSecureCache } from './create.js'
export {
  CacheError,
  ConfigError,
  isCacheError,
  OPEN_FAILURES,
  OpenError,
  RedisError,
  type CacheErrorCode,
  type ConfigProblem,
  type OpenFailure,
} from './errors.js'
export type { EventFields, EventListener, EventType, SecurityEvent, Severity } from './events.js'
export type {
  Cache,
  Cacheable,
  CacheHealth,
  CloseOptions,
  EventFilter,
  Holding,
  Jsonified,
  LoadContext,
  Logger,
  MonitorSummary,
  ReadyOptions,
  Sealer,
  SealerOptions,
  SecureCache,
  SecureCacheOptions,
  CacheOptions,
  ReloadTrigger,
  SecurityMonitor,
  TlsOptions,
  Ttl,
  WriteOptions,
} from './interface.js'
export { createRedisClient, type RedisClientOptions } from './redis/create-client.js'
