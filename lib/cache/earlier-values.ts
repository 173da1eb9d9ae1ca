import { MAGIC } from '../crypto/header.js'
import { CacheError, OpenError } from '../errors.js'
import type { Store } from '../store.js'
import type { EarlierPlace } from './earlier-names.js'
import { whenReady, type KeyReadiness } from './key-readiness.js'
import { headerSeconds } from './lifetimes.js'
import type { OlderFormat } from './older-formats.js'
import type { OpenReports } from './open-reports.js'
import type { NamespaceSealing } from './sealing.js'

/** Keys that are looked at together before they are written or deleted. */
const LOOKED_AT = 64
/** A marker must not end before what it hides: the two times are not taken at one moment. */
const MARGIN_MS = 5000
/** How far the end of reading may be moved in one step (CACHE_READ_MODE_UNTIL). */
const MOVABLE_MS = 180 * 86_400_000

export interface EarlierValuesOptions {
  readonly store: Pick<Store, 'getMany' | 'set' | 'ttl'>
  readonly olderFormat: OlderFormat
  /** Seals the namespace of the markers. */
  readonly markerSealing: NamespaceSealing
  readonly keys: KeyReadiness
  readonly timeoutMs: number
  /** CACHE_MAX_VALUE_BYTES. */
  readonly maxBytes: number
  readonly reports: OpenReports
  /** Milliseconds since 1970. */
  readonly now: () => number
}

/** What lies under the marker and the earlier names of one key. */
export interface Found {
  readonly marker: Buffer | undefined
  /** In the order of the names. */
  readonly values: readonly (Buffer | undefined)[]
}

/** What became of one key whose earlier value is over. */
export interface Hidden {
  /** Whether a reader would have been given the earlier value, had there been nothing under the key's own name. */
  readonly wasThere: boolean
  /** Whether there was something under its own name. */
  readonly hadOwn: boolean
}

const NOTHING_HIDDEN: Hidden = { wasThere: false, hadOwn: false }

/**
 * What an earlier application left under its names for keys: read, never written or removed, for the cache's own user
 * may not. What is over gets a marker instead, a sealed value without content that lives as long as what it hides.
 */
export class EarlierValues {
  readonly #options: EarlierValuesOptions

  constructor(options: EarlierValuesOptions) {
    this.#options = options
  }

  /** What lies under the earlier names, place by place, in one round trip. */
  async values(places: readonly EarlierPlace[]): Promise<readonly Found['values'][]> {
    const names = places.flatMap((place) => place.names)
    const all = await this.#options.store.getMany(names).catch(noneWhereDenied)
    let at = 0
    return places.map((place) => all.slice(at, (at += place.names.length)))
  }

  /** The value that a reader of the key is given where there is nothing under its own name. */
  visible({ key }: EarlierPlace, found: Found): Buffer | undefined {
    const value = this.#chosen(found)
    if (value === undefined || found.marker === undefined) return value
    this.#checkMarker(key, found.marker)
    return undefined
  }

  /** Marks as over whatever the earlier application left for these keys. Rejects where that cannot be made sure. */
  async hide(places: readonly EarlierPlace[]): Promise<readonly Hidden[]> {
    const hidden: Hidden[] = []
    for (let from = 0; from < places.length; from += LOOKED_AT) {
      const some = places.slice(from, from + LOOKED_AT)
      const [markers, values] = await Promise.all([
        this.#options.store.getMany(some.map(({ marker }) => marker)),
        this.values(some),
      ])
      const found = some.map((_place, at) => ({ marker: markers[at], values: values[at] ?? [] }))
      hidden.push(...(await Promise.all(some.map((place, at) => this.#hideOne(place, found[at])))))
    }
    return hidden
  }

  async #hideOne(place: EarlierPlace, found: Found | undefined): Promise<Hidden> {
    if (found === undefined || !found.values.some(isOfEarlier)) return NOTHING_HIDDEN
    const { store } = this.#options
    const ttls = await Promise.all([place.own, place.marker, ...place.names].map((name) => store.ttl(name)))
    const [own, marker, ...left] = ttls
    const there = left.filter((ttl, at) => ttl !== undefined && isOfEarlier(found.values[at]))
    if (there.length === 0) return NOTHING_HIDDEN
    const untilMs = longest(there)
    if (marker === undefined || !outlives(marker, untilMs)) await this.#mark(place, untilMs)
    return { wasThere: found.marker === undefined, hadOwn: own !== undefined }
  }

  async #mark({ key, marker }: EarlierPlace, ttlMs: number | null): Promise<void> {
    const { store, olderFormat, markerSealing, keys, timeoutMs, now } = this.#options
    // After the end nobody reads what is hidden; the end may be moved once more while the marker lives.
    const mostMs = olderFormat.untilMs - now() + MOVABLE_MS
    const lifeMs = Math.min(ttlMs === null ? mostMs : ttlMs + MARGIN_MS, mostMs)
    const write = (): Promise<void> => {
      const options = { codec: 'bytes', lifetimeSeconds: headerSeconds(lifeMs) } as const
      return store.set(marker, markerSealing.seal(key, new Uint8Array(), options), lifeMs)
    }
    await (keys.isReady ? write() : whenReady(keys, timeoutMs, write))
  }

  /** The first that opens, else the first: why that one does not is for its reader to say. */
  #chosen({ values }: Found): Buffer | undefined {
    const candidates = values.filter(isOfEarlier)
    return candidates.length < 2
      ? candidates[0]
      : (candidates.find((bytes) => this.#opens(bytes)) ?? candidates[0])
  }

  #opens(bytes: Buffer): boolean {
    const { olderFormat, maxBytes } = this.#options
    if (bytes.length > maxBytes) return false
    try {
      olderFormat.unwrap(bytes)
      return true
    } catch (error) {
      if (error instanceof OpenError) return false
      throw error
    }
  }

  /** One that does not open hides as well, and is reported: a miss does no harm, a value that is over may. */
  #checkMarker(key: string, marker: Buffer): void {
    try {
      this.#options.markerSealing.open(key, marker)
    } catch (error) {
      if (!(error instanceof OpenError)) throw error
      this.#options.reports.failed({ reason: error.reason, operation: 'get', key })
    }
  }
}

/** Sealed bytes under an earlier name belong to a namespace of this cache: `ai_cache:user:1` is key 1 of `user`. */
function isOfEarlier(bytes: Buffer | undefined): bytes is Buffer {
  return bytes !== undefined && bytes[0] !== MAGIC
}

/**
 * A server that does not let this user read the earlier names (any more) has nothing there for it: its own values are
 * served all the same, and the connection has told of the denial.
 */
function noneWhereDenied(error: unknown): readonly undefined[] {
  if (error instanceof CacheError && error.code === 'ERR_REDIS_NOPERM') return []
  throw error
}

function longest(ttls: readonly (number | null | undefined)[]): number | null {
  return ttls.includes(null) ? null : Math.max(...ttls.map((ttl) => ttl ?? 0))
}

function outlives(marker: number | null, ttlMs: number | null): boolean {
  return marker === null || (ttlMs !== null && marker >= ttlMs)
}
