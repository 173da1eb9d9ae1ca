import type { Request } from 'express'
import { inspectCache } from '../lib/create.js'
import type { SecureCache } from '../lib/interface.js'
import type { Measurements } from '../lib/measurements.js'
import type { EventMonitor } from '../lib/monitor/security-monitor.js'
import type { AnsweringWatch } from '../lib/monitor/security-watch.js'
import type { Settings } from '../lib/settings/settings.js'
import type { StatusCache, StatusOptions } from './status-options.js'

/** One cache as the status router sees it. It answers without I/O. */
export interface StatusSource {
  readonly settings: Settings
  readonly monitor: EventMonitor
  readonly watch: AnsweringWatch
  readonly measurements: Measurements
  /** Unix milliseconds. */
  readonly now: () => number
}

export interface SourceFinder {
  /** Those that are known without a request. */
  readonly given: readonly StatusSource[]
  readonly on: (req: Request) => readonly StatusSource[]
}

/**
 * Finds the caches of a request: those that were given, else the one on the request. Whoever is shown is
 * watched from then on.
 *
 * Throws a CacheError ERR_CACHE_MISUSE for what is no cache of ours.
 */
export function sourceFinder({ cache, property }: Pick<StatusOptions, 'cache' | 'property'>): SourceFinder {
  const given = cache.map(watched)
  if (given.length > 0) return { given, on: () => given }
  return {
    given,
    on: (req) => {
      const found: unknown = Reflect.get(req, property)
      return found === undefined ? [] : [watched(found as StatusCache)]
    },
  }
}

function watched(given: StatusCache): StatusSource {
  const cache: SecureCache = 'cache' in given ? given.cache : given
  const { settings, monitor, watch, measurements, now } = inspectCache(cache)
  watch.start()
  return { settings, monitor, watch, measurements, now }
}
