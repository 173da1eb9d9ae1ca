import { LRUCache } from 'lru-cache'
import { CacheError } from './errors.js'
import type { Adoption, HeldBytes, Store, StoreEntry } from './store.js'

export interface MemoryStoreOptions {
  /** Keys, values and our book-keeping together. */
  readonly maxBytes: number
  readonly maxEntries?: number | undefined
  /** Milliseconds of a clock that never goes back. */
  readonly now?: (() => number) | undefined
}

/** What an entry costs beside its bytes: measured on Node 20, an ArrayBuffer of its own, key and list slots. */
const ENTRY_OVERHEAD_BYTES = 256

/** The list is laid out in advance: this many slots cost about a megabyte. */
const DEFAULT_MAX_ENTRIES = 50_000

/**
 * A store inside this process, for development and tests: bounded by count and bytes, the least recently used
 * entry goes first. Copies what goes in and out, as a server would.
 */
export class MemoryStore implements Store {
  readonly kind = 'memory'
  readonly #entries: LRUCache<string, Uint8Array>
  readonly #maxBytes: number
  #closed = false

  constructor({ maxBytes, maxEntries, now = () => performance.now() }: MemoryStoreOptions) {
    this.#maxBytes = maxBytes
    this.#entries = new LRUCache({
      max: maxEntries ?? DEFAULT_MAX_ENTRIES,
      maxSize: maxBytes,
      sizeCalculation: (bytes, key) => sizeOf(key, bytes),
      // Zero would mean "never expires" to the list.
      perf: { now: () => now() + 1 },
      ttlResolution: 0,
    })
  }

  /** Entries held, expired ones that nobody asked for included. */
  get size(): number {
    return this.#entries.size
  }

  /** Bytes held, book-keeping included; never above `maxBytes`. */
  get bytes(): number {
    return this.#entries.calculatedSize
  }

  async get(key: string): Promise<Buffer | undefined> {
    this.#checkOpen()
    return this.#copyOf(key)
  }

  async getMany(keys: readonly string[]): Promise<(Buffer | undefined)[]> {
    this.#checkOpen()
    return keys.map((key) => this.#copyOf(key))
  }

  async set(key: string, bytes: Uint8Array, ttlMs: number | null): Promise<void> {
    this.#checkOpen()
    this.#put(key, bytes, ttlMs)
  }

  async add(key: string, bytes: Uint8Array, ttlMs: number | null): Promise<boolean> {
    this.#checkOpen()
    if (this.#entries.has(key)) return false
    this.#put(key, bytes, ttlMs)
    return true
  }

  async setMany(entries: readonly StoreEntry[], ttlMs: number | null): Promise<void> {
    this.#checkOpen()
    for (const { key, bytes } of entries) {
      this.#put(key, bytes, ttlMs)
    }
  }

  async delete(keys: readonly string[]): Promise<number> {
    this.#checkOpen()
    let deleted = 0
    for (const key of keys) {
      // An expired entry that still lies here does not count: a server would not count it either.
      deleted += this.#entries.has(key) ? 1 : 0
      this.#entries.delete(key)
    }
    return deleted
  }

  async ttl(key: string): Promise<number | null | undefined> {
    this.#checkOpen()
    if (!this.#entries.has(key)) {
      return undefined
    }
    const left = this.#entries.getRemainingTTL(key)
    return Number.isFinite(left) ? left : null
  }

  async expire(key: string, ttlMs: number): Promise<boolean> {
    this.#checkOpen()
    const bytes = this.#entries.get(key)
    if (bytes === undefined) {
      return false
    }
    this.#entries.set(key, bytes, { ttl: wholeMilliseconds(ttlMs) })
    return true
  }

  async rewrite(key: string, change: (held: HeldBytes) => Uint8Array | undefined): Promise<boolean> {
    this.#checkOpen()
    const held = this.#heldAt(key)
    const bytes = held && change(held)
    if (held === undefined || bytes === undefined) return false
    this.#put(key, bytes, held.ttlMs)
    return true
  }

  async adopt({ key, unless, from, change }: Adoption): Promise<boolean> {
    this.#checkOpen()
    if (this.#entries.has(key) || this.#entries.has(unless)) return false
    for (const source of from) {
      const held = this.#heldAt(source)
      const bytes = held && change(held, source)
      if (held === undefined || bytes === undefined) continue
      this.#put(key, bytes, held.ttlMs)
      return true
    }
    return false
  }

  async clear(prefix: string, only?: (key: string, head: Uint8Array) => boolean): Promise<void> {
    this.#checkOpen()
    const doomed = Array.from(this.#entries.entries())
      .filter(([key, bytes]) => key.startsWith(prefix) && only?.(key, bytes.subarray(0, 1)) !== false)
      .map(([key]) => key)
    for (const key of doomed) {
      this.#entries.delete(key)
    }
  }

  async ready(): Promise<void> {
    this.#checkOpen()
  }

  async close(): Promise<void> {
    this.#closed = true
    this.#entries.clear()
  }

  #heldAt(key: string): HeldBytes | undefined {
    const value = this.#copyOf(key)
    if (value === undefined) return undefined
    const left = this.#entries.getRemainingTTL(key)
    return { value, ttlMs: Number.isFinite(left) ? left : null }
  }

  #copyOf(key: string): Buffer | undefined {
    const bytes = this.#entries.get(key)
    return bytes === undefined ? undefined : Buffer.from(bytes)
  }

  #put(key: string, bytes: Uint8Array, ttlMs: number | null): void {
    if (sizeOf(key, bytes) > this.#maxBytes) {
      throw new CacheError(
        'ERR_CACHE_TOO_LARGE',
        'the value is larger than the whole memory store: raise CACHE_MEMORY_MAX_BYTES',
      )
    }
    // A buffer of its own: a small one from Node's pool would keep eight kilobytes alive.
    this.#entries.set(key, new Uint8Array(bytes), { ttl: ttlMs === null ? 0 : wholeMilliseconds(ttlMs) })
  }

  #checkOpen(): void {
    if (this.#closed) {
      throw new CacheError('ERR_CACHE_CLOSED', 'the cache was closed: create a new one to go on')
    }
  }
}

function sizeOf(key: string, bytes: Uint8Array): number {
  return bytes.byteLength + 2 * key.length + ENTRY_OVERHEAD_BYTES
}

/** The list counts whole milliseconds, as Redis does, and zero would mean for ever. */
function wholeMilliseconds(ttlMs: number): number {
  return Math.max(1, Math.ceil(ttlMs))
}
