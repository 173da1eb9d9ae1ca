import type { SecurityEvents } from '../events.js'
import type { StoreConnection } from '../redis/route.js'
import type { Settings } from '../settings/settings.js'
import type { Store } from '../store.js'
import type { SealedPlace } from './sealed-place.js'
import type { EventMonitor } from './security-monitor.js'
import type { EncryptionIdentity } from './status.js'

/** The parts of one cache that are looked at. `createSecureCache` puts them together. */
export interface WatchedParts {
  readonly settings: Settings
  readonly store: Store
  /** The cache's own connection; absent on memory. */
  readonly connection: StoreConnection | undefined
  /** Ids of the keys now; undefined without encryption or while they are being derived. */
  readonly encryption: () => EncryptionIdentity | undefined
  readonly events: SecurityEvents
  readonly monitor: EventMonitor
  /** A namespace of the library's own, sealed as the cache seals. */
  readonly place: (namespace: '@check' | '@watch') => SealedPlace
  /** Unix milliseconds. */
  readonly now?: (() => number) | undefined
}
