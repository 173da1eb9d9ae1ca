import { IncomingMessage } from 'node:http'
import type { Request } from 'express'
import leven from 'leven'
import { CacheError, ConfigError } from '../lib/errors.js'
import type { SecureCache } from '../lib/interface.js'
import type { MetricsRegistry } from '../lib/monitor/metrics-registry.js'

/** A cache, or what `secureCache()` returned. */
export type StatusCache = SecureCache | { readonly cache: SecureCache }

export interface SecurityStatusOptions {
  /** The cache or caches to show. Absent: the one on the request. */
  readonly cache?: StatusCache | readonly StatusCache[] | undefined
  /** The property of the request that holds the cache, where none is given; `cache` where absent. */
  readonly property?: string | undefined
  /** Lets others in than the holder of `SECURITY_STATUS_TOKEN`, such as administrators who are logged in. */
  readonly authorize?: ((req: Request) => boolean | Promise<boolean>) | undefined
  /** The application cannot do without its cache: `/health` fails with 503 while Redis is away. */
  readonly required?: boolean | undefined
  /** The application's own prom-client registry, for the metrics to join; `/metrics` then serves all of it. */
  readonly registry?: MetricsRegistry | undefined
}

export interface StatusOptions {
  /** Empty: the cache on the request. */
  readonly cache: readonly StatusCache[]
  readonly property: string
  readonly authorize: SecurityStatusOptions['authorize']
  readonly required: boolean
  readonly registry: MetricsRegistry | undefined
}

/** What each option must be, told where it is not. */
const EXPECTED: Readonly<
  Record<keyof SecurityStatusOptions, readonly [(value: unknown) => boolean, string]>
> = {
  cache: [
    (value) =>
      [value].flat().every((one) => typeof one === 'function' || (typeof one === 'object' && one !== null)),
    'what secureCache() or createSecureCache() returned, or several of them',
  ],
  property: [(value) => typeof value === 'string' && value !== '', 'the name of a property of the request'],
  authorize: [(value) => typeof value === 'function', 'a function of the request'],
  required: [(value) => typeof value === 'boolean', 'true or false'],
  registry: [
    (value) => typeof value === 'object' && value !== null && 'registerMetric' in value,
    'a Registry of prom-client',
  ],
}

/** Throws a ConfigError with every problem at once. */
export function readStatusOptions(options: SecurityStatusOptions): StatusOptions {
  // Express calls what it was given with a request.
  if (options instanceof IncomingMessage) {
    throw new CacheError(
      'ERR_CACHE_MISUSE',
      'app.use(securityStatus) lacks the call: write app.use(securityStatus())',
    )
  }
  const problems = Object.entries(options).flatMap(([name, value]) => {
    const known = Object.hasOwn(EXPECTED, name) ? EXPECTED[name as keyof SecurityStatusOptions] : undefined
    if (known === undefined) return [{ name: `options.${name}`, message: `is not known${didYouMean(name)}` }]
    const [fits, expected] = known
    return value === undefined || fits(value)
      ? []
      : [{ name: `options.${name}`, message: `must be ${expected}` }]
  })
  if (problems.length > 0) {
    const text = problems.map(({ name, message }) => `${name} ${message}`).join('; ')
    throw new ConfigError('ERR_CONFIG_OPTION', `securityStatus(): ${text}`, problems)
  }
  return {
    cache: options.cache === undefined ? [] : [options.cache].flat(),
    property: options.property ?? 'cache',
    authorize: options.authorize,
    required: options.required ?? false,
    registry: options.registry,
  }
}

function didYouMean(name: string): string {
  const nearest = Object.keys(EXPECTED).find((known) => leven(name.toLowerCase(), known) <= 2)
  return nearest === undefined ? '' : `: did you mean ${nearest}?`
}
