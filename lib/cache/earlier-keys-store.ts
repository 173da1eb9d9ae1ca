import type { CacheError } from '../errors.js'
import type { Store } from '../store.js'
import type { EarlierNames, EarlierPlace } from './earlier-names.js'
import { EarlierValues, type EarlierValuesOptions, type Found } from './earlier-values.js'
import { MAGIC } from '../crypto/header.js'
import { namespacePrefix, ROOT_NAMESPACE } from './key-names.js'
import type { CacheStore, OrderedStore, SealedBytes, SealedEntry } from './ordered-store.js'
import { sealOlder } from './seal-older.js'
import type { NamespaceSealing } from './sealing.js'

export interface EarlierKeysOptions extends EarlierValuesOptions {
  readonly store: Store
  readonly ordered: OrderedStore
  readonly names: EarlierNames
  readonly keyPrefix: string
  /** Seals the root namespace. */
  readonly rootSealing: NamespaceSealing
}

/**
 * The store of a cache whose root namespace also holds, until the end of reading, what an earlier application left
 * under names of its own (CACHE_LEGACY_PREFIXES). A reader is given the value under the key's own name, else that under
 * its earlier ones, in one round trip. Whoever writes, deletes or slides a key hides the earlier value first, so that
 * it does not come back when the newer one ends: an interruption in between leaves a miss. Other namespaces, and
 * everything once the end is over, go straight through.
 */
export class EarlierKeysStore implements CacheStore {
  readonly #options: EarlierKeysOptions
  readonly #ordered: OrderedStore
  readonly #earlier: EarlierValues
  readonly #rootPrefix: string

  constructor(options: EarlierKeysOptions) {
    this.#options = options
    this.#ordered = options.ordered
    this.#earlier = new EarlierValues(options)
    this.#rootPrefix = namespacePrefix(options.keyPrefix, ROOT_NAMESPACE)
  }

  async get(name: string): Promise<Buffer | undefined> {
    if (this.#placeOf(name) === undefined) return this.#ordered.get(name)
    const [bytes] = await this.getMany([name])
    return bytes
  }

  async getMany(names: readonly string[]): Promise<readonly (Buffer | undefined)[]> {
    const places = this.#placesOf(names)
    if (places.length === 0) return this.#ordered.getMany(names)
    const [held, values] = await Promise.all([
      this.#ordered.getMany([...names, ...places.map(({ marker }) => marker)]),
      this.#earlier.values(places),
    ])
    const older = new Map(
      places.map((place, at) => {
        const found = { marker: held[names.length + at], values: values[at] ?? [] }
        return [place.own, { place, found }] as const
      }),
    )
    return names.map((name, at) => {
      const known = older.get(name)
      return held[at] ?? (known && this.#earlier.visible(known.place, known.found))
    })
  }

  async set(name: string, bytes: SealedBytes, ttlMs: number | null): Promise<void> {
    const places = this.#placesOf([name])
    if (places.length === 0) return this.#ordered.set(name, bytes, ttlMs)
    return this.#ordered.set(name, after(this.#earlier.hide(places), bytes), ttlMs)
  }

  async setMany(entries: readonly SealedEntry[], ttlMs: number | null): Promise<void> {
    const places = this.#placesOf(entries.map(({ key }) => key))
    if (places.length === 0) return this.#ordered.setMany(entries, ttlMs)
    const hiding = this.#earlier.hide(places)
    return this.#ordered.setMany(
      entries.map(({ key, bytes }) => ({ key, bytes: after(hiding, bytes) })),
      ttlMs,
    )
  }

  /** Counts a key that there was under any of its names. */
  async delete(names: readonly string[]): Promise<number> {
    const places = this.#placesOf(names)
    if (places.length === 0) return this.#ordered.delete(names)
    const hiding = this.#earlier.hide(places)
    const removed = await this.#ordered.delete(names, hiding)
    const hidden = (await hiding).filter(({ wasThere, hadOwn }) => wasThere && !hadOwn)
    // A write that was on its way may have been there for the one count and not for the other.
    return Math.min(removed + hidden.length, names.length)
  }

  async ttl(name: string): Promise<number | null | undefined> {
    const [place] = this.#placesOf([name])
    if (place === undefined) return this.#ordered.ttl(name)
    const { store } = this.#options
    const [own, markers, values, ...left] = await Promise.all([
      this.#ordered.ttl(name),
      store.getMany([place.marker]),
      this.#earlier.values([place]),
      ...place.names.map((earlier) => this.#ttlOf(earlier)),
    ])
    if (own !== undefined) return own
    const found = { marker: markers[0], values: values[0] ?? [] }
    const value = this.#earlier.visible(place, found)
    return value && left[found.values.indexOf(value)]
  }

  /** An earlier value gets its own name and the new time there: nobody may write to it where it lies. */
  async expire(name: string, ttlMs: number): Promise<boolean> {
    const [place] = this.#placesOf([name])
    if (place === undefined) return this.#ordered.expire(name, ttlMs)
    const [isOwn, found] = await Promise.all([this.#ordered.expire(name, ttlMs), this.#found(place)])
    const touched = isOwn || (await this.#settle(place, found, ttlMs))
    await this.#earlier.hide([place])
    return touched
  }

  /**
   * Earlier names first: a value that moves meanwhile from there to its own name is gone with that one. Its own names
   * are cleared also where the user may not reach the earlier ones (yet).
   */
  async clear(prefix: string): Promise<void> {
    const { store, names, olderFormat } = this.#options
    try {
      if (prefix !== this.#rootPrefix || !olderFormat.isOpen) return
      const isEarlier = (name: string, head: Uint8Array): boolean =>
        head[0] !== MAGIC && names.keyOf(name) !== undefined
      for (const earlier of names.prefixes) await store.clear(earlier, isEarlier)
    } finally {
      await this.#ordered.clear(prefix)
    }
  }

  refusal(): CacheError | undefined {
    return this.#ordered.refusal()
  }

  ready(options: Parameters<Store['ready']>[0]): Promise<void> {
    return this.#ordered.ready(options)
  }

  close(options: Parameters<Store['close']>[0]): Promise<void> {
    return this.#ordered.close(options)
  }

  async #found(place: EarlierPlace): Promise<Found> {
    const [markers, values] = await Promise.all([
      this.#options.store.getMany([place.marker]),
      this.#earlier.values([place]),
    ])
    return { marker: markers[0], values: values[0] ?? [] }
  }

  /** Under its own name, unless somebody was faster. */
  async #settle(place: EarlierPlace, found: Found, ttlMs: number): Promise<boolean> {
    const { store, olderFormat, rootSealing: sealing, maxBytes, now } = this.#options
    const { key, own, names } = place
    const value = this.#earlier.visible(place, found)
    if (value === undefined) return false
    const origin = names[found.values.indexOf(value)]
    const sealed = sealOlder(olderFormat.unwrap(value), { key, sealing, ttlMs, nowMs: now(), origin })
    if (sealed.length > maxBytes) return false
    // Whoever was faster may have been the reader that moved it.
    return (await store.add(own, sealed, ttlMs)) || store.expire(own, ttlMs)
  }

  /** Denied where its value is: then there is nothing that a time could belong to. */
  #ttlOf(name: string): Promise<number | null | undefined> {
    return this.#options.store.ttl(name).catch(() => undefined)
  }

  #placeOf(name: string): EarlierPlace | undefined {
    const { names, olderFormat } = this.#options
    return name.startsWith(this.#rootPrefix) && olderFormat.isOpen
      ? names.placeOf(name.slice(this.#rootPrefix.length))
      : undefined
  }

  #placesOf(names: readonly string[]): readonly EarlierPlace[] {
    return names.map((name) => this.#placeOf(name)).filter((place) => place !== undefined)
  }
}

/** Both are waited for, whichever fails first. */
async function after<T>(first: Promise<unknown>, bytes: T | Promise<T>): Promise<T> {
  const [ready] = await Promise.all([bytes, first])
  return ready
}
