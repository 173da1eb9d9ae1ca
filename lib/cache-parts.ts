import { LRUCache } from 'lru-cache'
import { EarlierKeysStore } from './cache/earlier-keys-store.js'
import { EarlierNames } from './cache/earlier-names.js'
import { namespacePrefix, ROOT_NAMESPACE } from './cache/key-names.js'
import { Lifetimes } from './cache/lifetimes.js'
import { OlderFormat } from './cache/older-formats.js'
import { OpenReports } from './cache/open-reports.js'
import { OrderedStore, type CacheStore } from './cache/ordered-store.js'
import { Outages } from './cache/outages.js'
import { Outcomes } from './cache/outcomes.js'
import type { RepeatedEvents } from './cache/repeated-events.js'
import { Resealing } from './cache/resealing.js'
import { SingleFlight } from './cache/single-flight.js'
import { Values } from './cache/values.js'
import type { CacheParts } from './cache.js'
import { EncodingScratch } from './crypto/codec.js'
import type { Encryption } from './encryption.js'
import type { SecurityEvents } from './events.js'
import type { Measurements } from './measurements.js'
import type { Settings } from './settings/settings.js'
import type { Store } from './store.js'
import { ttlToMs } from './ttl.js'

/** How many namespaces are kept ready; more are made anew when they are asked for. */
const KEPT_NAMESPACES = 1000

/** What the parts of a cache are made from. */
export interface CacheRoom {
  readonly settings: Settings
  readonly events: SecurityEvents
  readonly measurements: Measurements
  readonly encryption: Encryption
  readonly store: Store
  readonly repeated: RepeatedEvents
  readonly signal: AbortSignal
  readonly now: () => number
}

/** The parts that every namespace of one cache works with. */
export function cacheParts(room: CacheRoom): CacheParts {
  const { settings, events, measurements, encryption, store, repeated, signal, now } = room
  const { ttlSeconds, timeoutMs, maxValueBytes, onFailure } = settings.cache
  const { keyPrefix } = settings.redis
  const reports = new OpenReports({ measurements, repeated, onDoubt: () => store.doubt?.(), now })
  const olderFormat = olderFormatOf(room)
  const { keyRing } = encryption
  const resealing = keyRing && new Resealing({ store, primaryId: () => keyRing.primaryId, now })
  const earlier = earlierNamesOf(room)
  return {
    store: cacheStore({ ...room, olderFormat, earlier, reports }),
    keyPrefix,
    values: (namespace) =>
      new Values({
        sealing: encryption.sealing.namespace(keyPrefix, namespace),
        olderFormat,
        reports,
        measurements,
        maxBytes: maxValueBytes,
        resealing,
        prefix: namespacePrefix(keyPrefix, namespace),
        earlier: namespace === ROOT_NAMESPACE ? earlier : undefined,
      }),
    keys: encryption.keys,
    timeoutMs,
    scratch: new EncodingScratch(),
    lifetimes: new Lifetimes(ttlSeconds === null ? null : ttlToMs(ttlSeconds)),
    outcomes: new Outcomes({
      onFailure,
      measurements,
      reports,
      outages: new Outages(events, now),
      repeated,
    }),
    flights: new SingleFlight(),
    namespaces: new LRUCache({ max: KEPT_NAMESPACES }),
    signal,
    now,
  }
}

interface EarlierRoom extends CacheRoom {
  readonly olderFormat: OlderFormat | undefined
  readonly earlier: EarlierNames | undefined
  readonly reports: OpenReports
}

/** Only who reads what an earlier application left has its names in the way. */
function cacheStore({ earlier, olderFormat, ...room }: EarlierRoom): CacheStore {
  const { settings, encryption, store, reports, now } = room
  const ordered = new OrderedStore(store)
  if (earlier === undefined || olderFormat === undefined) return ordered
  const { timeoutMs, maxValueBytes } = settings.cache
  return new EarlierKeysStore({
    store,
    ordered,
    names: earlier,
    keyPrefix: settings.redis.keyPrefix,
    olderFormat,
    rootSealing: encryption.sealing.namespace(settings.redis.keyPrefix, ROOT_NAMESPACE),
    markerSealing: encryption.sealing.namespace(settings.redis.keyPrefix, '@legacy'),
    keys: encryption.keys,
    timeoutMs,
    maxBytes: maxValueBytes,
    reports,
    now,
  })
}

function earlierNamesOf({ settings: { cache, redis } }: CacheRoom): EarlierNames | undefined {
  const { legacyPrefixes: prefixes } = cache
  return prefixes.length === 0 ? undefined : new EarlierNames({ keyPrefix: redis.keyPrefix, prefixes })
}

function olderFormatOf({ settings, encryption, measurements, now }: CacheRoom): OlderFormat | undefined {
  const { readMode, readModeUntil } = settings.cache
  if (readMode === 'strict' || readModeUntil === undefined) return undefined
  return new OlderFormat({
    format: readMode,
    until: readModeUntil,
    masters: () => encryption.keyRing?.masters ?? [],
    measurements,
    now,
  })
}
