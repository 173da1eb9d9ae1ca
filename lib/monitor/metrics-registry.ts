import { CacheError } from '../errors.js'
import { liveMetrics } from './metrics.js'
import type { MetricsSource } from './metrics.js'

/** As much of a prom-client `Registry` as is needed; prom-client itself is an optional peer. */
export interface MetricsRegistry {
  registerMetric(metric: never): void
  metrics(): Promise<string>
  readonly contentType: string
}

/**
 * Puts the metrics into a registry, such as the application's own. They are read each time they are asked for.
 *
 * Throws a CacheError ERR_CACHE_MISUSE where they are in it already.
 */
export function joinRegistry(registry: MetricsRegistry, sources: () => readonly MetricsSource[]): void {
  for (const metric of liveMetrics(sources)) {
    try {
      registry.registerMetric(metric as never)
    } catch {
      throw new CacheError(
        'ERR_CACHE_MISUSE',
        'the metrics are in this registry already: give it to one securityStatus(), with all caches',
      )
    }
  }
}

/** A registry of their own; undefined where prom-client is not installed. It loads with the first question. */
export async function ownRegistry(
  sources: () => readonly MetricsSource[],
): Promise<MetricsRegistry | undefined> {
  const loaded = await import('prom-client').catch(() => undefined)
  if (loaded === undefined) return undefined
  const registry = new loaded.Registry()
  joinRegistry(registry, sources)
  return registry
}
