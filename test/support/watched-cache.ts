import { Envelope } from '../../lib/crypto/envelope.js'
import { KeyRing } from '../../lib/crypto/key-ring.js'
import { namespacePrefix } from '../../lib/cache/key-names.js'
import { SecurityEvents } from '../../lib/events.js'
import type { SecurityEvent } from '../../lib/events.js'
import { createSecurityMonitor } from '../../lib/monitor/security-monitor.js'
import type { WatchedParts } from '../../lib/monitor/watched-parts.js'
import { RedisStore } from '../../lib/redis/redis-store.js'
import { readSettings } from '../../lib/settings/read.js'

/** The parts of a cache as its monitor sees them, on a real server, without the cache itself. */
export interface WatchedCache {
  readonly parts: WatchedParts & { readonly store: RedisStore }
  /** Everything that happened so far. */
  readonly seen: SecurityEvent[]
  readonly clock: { offsetMs: number }
  close(): Promise<void>
}

export async function watchedCache(env: Readonly<Record<string, string>>): Promise<WatchedCache> {
  const settings = readSettings({ env })
  const clock = { offsetMs: 0 }
  const now = (): number => Date.now() + clock.offsetMs
  const events = new SecurityEvents(now)
  const seen: SecurityEvent[] = []
  events.onAny((event) => seen.push(event))
  const monitor = createSecurityMonitor({ events, now })
  const store = new RedisStore({ settings, events })
  const keyRing = KeyRing.create(settings.encryption)
  const envelope = new Envelope({ keyRing, now })
  const { keyPrefix } = settings.redis
  await store.ready()
  return {
    parts: {
      settings,
      store,
      connection: store.connection,
      encryption: () => ({ primaryKeyId: keyRing.primaryId, acceptedKeyIds: keyRing.acceptedIds }),
      events,
      monitor,
      place: (namespace) => ({
        store,
        sealing: envelope.namespace(keyPrefix, namespace),
        nameOf: (key) => namespacePrefix(keyPrefix, namespace) + key,
      }),
      now,
    },
    seen,
    clock,
    close: () => store.close(),
  }
}
