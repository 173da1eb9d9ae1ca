import { IncomingMessage, type ServerResponse } from 'node:http'
import { openCache } from '../lib/create.js'
import { CacheError, ConfigError } from '../lib/errors.js'
import type {
  Cache,
  CacheOptions,
  CloseOptions,
  ReadyOptions,
  SecureCache,
  SecurityMonitor,
} from '../lib/interface.js'

declare global {
  // Express's own way for middleware to say what it adds to a request.
  namespace Express {
    interface Request {
      /** The application's cache; put there by `app.use(secureCache())`. */
      cache: SecureCache
    }
  }
}

export interface SecureCacheMiddlewareOptions extends CacheOptions {
  /**
   * Where the cache is found on the request; `cache` where absent. For another name declare its type once:
   * `declare global { namespace Express { interface Request { vault: SecureCache } } }`.
   */
  readonly property?: string | undefined
  /** Only together with nothing but `property`: see {@link MountOptions}. */
  readonly cache?: undefined
}

/** Mounts a cache that exists already. Whoever created it closes it. */
export interface MountOptions {
  readonly cache: SecureCache
  readonly property?: string | undefined
}

/** An Express handler, for version 4 and 5, with the cache that it hands out. */
export interface SecureCacheHandler {
  (req: IncomingMessage, res: ServerResponse, next: (error?: unknown) => void): void
  readonly cache: SecureCache
  readonly monitor: SecurityMonitor
  /** See {@link SecureCache.ready}. */
  ready(options?: ReadyOptions): Promise<void>
  /** Closes the cache where this call of `secureCache` created it, and does nothing where it was given. */
  close(options?: CloseOptions): Promise<void>
}

/**
 * Puts a ready, encrypted, authenticated, TLS-connected cache on each request: `app.use(secureCache())`. Settings
 * come from the environment; it begins to connect at once and never blocks a request.
 *
 * Throws a ConfigError with every problem of the settings at once.
 */
export function secureCache(options: SecureCacheMiddlewareOptions | MountOptions = {}): SecureCacheHandler {
  refuseMisuse(options)
  const {
    property = 'cache',
    cache: given,
    ...rest
  } = options as SecureCacheMiddlewareOptions & Partial<MountOptions>
  checkProperty(property)
  const cache = given === undefined ? openCache(rest, ['property', 'cache']) : existing(given, rest)

  function attachCache(req: IncomingMessage, _res: ServerResponse, next: (error?: unknown) => void): void {
    const request = req as unknown as Record<string, unknown>
    const present = request[property]
    // The innermost of several caches wins; what another library put there is not ours to replace.
    if (present !== undefined && present !== cache && !isCache(present)) {
      next(misuse(`req.${property} is in use: give the cache another name, secureCache({ property: '…' })`))
      return
    }
    request[property] = cache
    next()
  }

  return Object.assign(attachCache, {
    cache,
    monitor: cache.monitor,
    ready: (readyOptions?: ReadyOptions) => cache.ready(readyOptions),
    close: async (closeOptions?: CloseOptions) => {
      if (given === undefined) await cache.close(closeOptions)
    },
  })
}

/** Express calls what it was given with a request: `app.use(secureCache)` ends here at the first one. */
function refuseMisuse(options: unknown): void {
  if (options instanceof IncomingMessage) {
    throw misuse('app.use(secureCache) lacks the call: write app.use(secureCache())')
  }
  if (typeof options !== 'object' || options === null) {
    throw optionProblem('options', 'expected an object.')
  }
}

/** Names of Node and Express, some of them set only later in a request. */
const TAKEN: ReadonlySet<string> = new Set(
  (
    'app baseUrl body complete cookies fresh host hostname httpVersion ip ips method next originalUrl params ' +
    'path protocol query rawBody rawHeaders res route secret secure session sessionID signedCookies socket stale ' +
    'statusCode statusMessage subdomains url user xhr'
  ).split(' '),
)

function checkProperty(property: unknown): asserts property is string {
  if (typeof property !== 'string' || !/^[A-Za-z_$][\w$]{0,63}$/.test(property)) {
    throw optionProblem('options.property', "expected a name such as 'cache' or 'vault'.")
  }
  if (TAKEN.has(property) || property in IncomingMessage.prototype) {
    throw optionProblem(
      'options.property',
      `req.${property} belongs to Node or Express: choose another name.`,
    )
  }
}

function existing(given: unknown, rest: object): SecureCache {
  const others = Object.entries(rest).filter(([, value]) => value !== undefined)
  if (others.length > 0) {
    throw optionProblem('options.cache', 'an existing cache has its settings: only property goes with it.')
  }
  if (!isCache(given) || !('monitor' in given)) {
    throw optionProblem('options.cache', 'expected what createSecureCache() returned, or handler.cache.')
  }
  return given as SecureCache
}

/** By its methods, so that a cache of another copy of the package is one as well. */
function isCache(value: unknown): value is Cache {
  return (
    typeof value === 'object' &&
    value !== null &&
    ['getOrSet', 'namespace'].every((name) => name in value && typeof value[name as never] === 'function')
  )
}

function misuse(message: string): CacheError {
  return new CacheError('ERR_CACHE_MISUSE', message)
}

function optionProblem(name: string, message: string): ConfigError {
  return new ConfigError('ERR_CONFIG_OPTION', `${name}: ${message}`, [{ name, message }])
}
