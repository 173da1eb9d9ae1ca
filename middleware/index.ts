/** Entry `express-secure-cache`: everything that a web application needs. */
export * from '../lib/index.js'
export {
  secureCache,
  type MountOptions,
  type SecureCacheHandler,
  type SecureCacheMiddlewareOptions,
} from './secure-cache.js'
export { securityStatus } from './security-status.js'
export type { SecurityStatusOptions, StatusCache } from './status-options.js'
export type { SecurityStatus } from '../lib/monitor/status.js'
export type { MetricsRegistry } from '../lib/monitor/metrics-registry.js'
