import type { CacheError } from '../errors.js'
import type { Store, StoreEntry } from '../store.js'

/** Bytes for the store, or those that another thread is still sealing. */
export type SealedBytes = Buffer | Promise<Buffer>

export interface SealedEntry {
  readonly key: string
  readonly bytes: SealedBytes
}

/** What a cache asks of its store. */
export interface CacheStore extends Pick<Store, 'get' | 'delete' | 'ttl' | 'expire' | 'ready' | 'close'> {
  getMany(keys: readonly string[]): Promise<readonly (Buffer | undefined)[]>
  set(key: string, bytes: SealedBytes, ttlMs: number | null): Promise<void>
  setMany(entries: readonly SealedEntry[], ttlMs: number | null): Promise<void>
  clear(prefix: string): Promise<void>
  refusal(): CacheError | undefined
}

/**
 * The store of a cache. Values that are sealed in another thread reach it later than smaller ones: whatever is
 * asked of the same key meanwhile waits for its turn, so that the last call still is the one that counts. Where
 * nothing is being sealed elsewhere, which is nearly always, it only passes on.
 */
export class OrderedStore implements CacheStore {
  readonly #store: Store
  /** By key, the end of the latest turn. It comes when the store was asked, not when it has answered. */
  readonly #turns = new Map<string, Promise<void>>()

  constructor(store: Store) {
    this.#store = store
  }

  get(key: string): Promise<Buffer | undefined> {
    if (this.#turns.size === 0) return this.#store.get(key)
    return this.#after([key], () => this.#store.get(key))
  }

  getMany(keys: readonly string[]): Promise<readonly (Buffer | undefined)[]> {
    if (this.#turns.size === 0) return this.#store.getMany(keys)
    return this.#after(keys, () => this.#store.getMany(keys))
  }

  set(key: string, bytes: SealedBytes, ttlMs: number | null): Promise<void> {
    if (this.#turns.size === 0 && !(bytes instanceof Promise)) return this.#store.set(key, bytes, ttlMs)
    return this.#inTurn([key], bytes, (sealed) => this.#store.set(key, sealed, ttlMs))
  }

  setMany(entries: readonly SealedEntry[], ttlMs: number | null): Promise<void> {
    if (this.#turns.size === 0 && areSealed(entries)) return this.#store.setMany(entries, ttlMs)
    const keys = entries.map(({ key }) => key)
    const sealed = Promise.all(entries.map(async ({ key, bytes }) => ({ key, bytes: await bytes })))
    return this.#inTurn(keys, sealed, (all) => this.#store.setMany(all, ttlMs))
  }

  /** `first`: what has to be done before it, and fails it where it fails. */
  delete(keys: readonly string[], first?: Promise<unknown>): Promise<number> {
    if (this.#turns.size === 0 && first === undefined) return this.#store.delete(keys)
    return this.#inTurn(keys, first, () => this.#store.delete(keys))
  }

  ttl(key: string): Promise<number | null | undefined> {
    return this.#after([key], () => this.#store.ttl(key))
  }

  expire(key: string, ttlMs: number): Promise<boolean> {
    return this.#after([key], () => this.#store.expire(key, ttlMs))
  }

  async clear(prefix: string): Promise<void> {
    await this.#settled()
    return this.#store.clear(prefix)
  }

  refusal(): CacheError | undefined {
    return this.#store.refusal?.()
  }

  ready(options: Parameters<Store['ready']>[0]): Promise<void> {
    return this.#store.ready(options)
  }

  /** What was written before is on its way to the store before it closes. */
  async close(options: Parameters<Store['close']>[0]): Promise<void> {
    await this.#settled()
    await this.#store.close(options)
  }

  async #after<R>(keys: readonly string[], ask: () => Promise<R>): Promise<R> {
    const before = this.#before(keys)
    if (before.length > 0) await Promise.all(before)
    return ask()
  }

  async #inTurn<T, R>(
    keys: readonly string[],
    prepared: T | Promise<T>,
    ask: (prepared: T) => Promise<R>,
  ): Promise<R> {
    const before = this.#before(keys)
    const asked = Promise.all([prepared, ...before]).then(([ready]) => ({ answer: ask(ready) }))
    const over = asked.then(nothing, nothing)
    for (const key of keys) this.#turns.set(key, over)
    void over.then(() => this.#forget(keys, over))
    return (await asked).answer
  }

  #before(keys: readonly string[]): Promise<void>[] {
    return keys.map((key) => this.#turns.get(key)).filter((turn) => turn !== undefined)
  }

  #forget(keys: readonly string[], turn: Promise<void>): void {
    for (const key of keys) {
      if (this.#turns.get(key) === turn) this.#turns.delete(key)
    }
  }

  /** Turns that begin meanwhile are waited for as well. */
  async #settled(): Promise<void> {
    while (this.#turns.size > 0) await Promise.all(this.#turns.values())
  }
}

function areSealed(entries: readonly SealedEntry[]): entries is readonly (SealedEntry & StoreEntry)[] {
  return entries.every(({ bytes }) => !(bytes instanceof Promise))
}

function nothing(): void {
  // Whether it went well is for those who asked.
}
