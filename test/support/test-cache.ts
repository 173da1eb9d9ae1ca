import { assembleCache, inspectCache, type CacheInternals } from '../../lib/create.js'
import type { SecurityEvent } from '../../lib/events.js'
import type { Logger, SecureCache, SecureCacheOptions } from '../../lib/interface.js'
import { MemoryStore } from '../../lib/memory-store.js'
import { readSettings } from '../../lib/settings/read.js'
import type { Store } from '../../lib/store.js'

export interface TestCache {
  readonly cache: SecureCache
  readonly internals: CacheInternals
  readonly events: readonly SecurityEvent[]
  readonly advance: (ms: number) => void
}

export interface TestCacheOptions extends SecureCacheOptions {
  /** Around the store that the settings ask for: to count, to hold back, to fail. */
  readonly wrap?: ((store: Store) => Store) | undefined
}

const silent: Logger = { info() {}, warn() {}, error() {} }

/** A cache whose clock is ours; on memory the store has the same clock. */
export function testCache({ wrap, ...options }: TestCacheOptions = {}): TestCache {
  const settings = readSettings({ options: { env: false, ...options } })
  let ahead = 0
  const now = (): number => Date.now() + ahead
  const memory =
    settings.backend === 'memory'
      ? new MemoryStore({ maxBytes: settings.cache.memoryMaxBytes, now })
      : undefined
  const store = memory !== undefined && wrap !== undefined ? wrap(memory) : memory
  const cache = assembleCache({ settings, logger: silent, store, now })
  const internals = inspectCache(cache)
  const events: SecurityEvent[] = []
  internals.events.onAny((event) => events.push(event))
  return {
    cache,
    internals,
    events,
    advance: (ms) => {
      ahead += ms
    },
  }
}
