import type { SecurityEvent } from '../../lib/events.js'
import { SecurityEvents } from '../../lib/events.js'
import { RedisStore } from '../../lib/redis/redis-store.js'
import type { RedisStoreOptions } from '../../lib/redis/redis-store.js'
import type { RunningRedis } from './redis-server.js'

export interface OpenedStore {
  readonly store: RedisStore
  /** Every event since it was opened. */
  readonly events: readonly SecurityEvent[]
}

/** Where a store connects other than to the server itself, and how long it waits. */
export interface StoreOverrides {
  readonly host?: string | undefined
  readonly port?: number | undefined
  readonly redis?: Partial<RedisStoreOptions['settings']['redis']> | undefined
  readonly users?: RedisStoreOptions['settings']['users'] | undefined
  readonly timeoutMs?: number | undefined
  readonly maxValueBytes?: number | undefined
}

/** A store as the application's own user of the server. */
export function openStore(server: RunningRedis, overrides: StoreOverrides = {}): OpenedStore {
  const { host = server.host, port = server.port, timeoutMs = 250, maxValueBytes = 1024 * 1024 } = overrides
  const bus = new SecurityEvents()
  const events: SecurityEvent[] = []
  bus.onAny((event) => events.push(event))
  const store = new RedisStore({
    settings: {
      redis: { ...server.settings, host, port, ...overrides.redis },
      users: overrides.users ?? server.users,
      cache: { timeoutMs, maxValueBytes },
    },
    events: bus,
  })
  return { store, events }
}
