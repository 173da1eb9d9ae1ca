import type { CacheError } from '../../lib/errors.js'
import type { Store, StoreEntry } from '../../lib/store.js'

/** What happens before an operation reaches the store: wait, count, or reject with an error. */
export type Guard = (operation: keyof Store) => Promise<void> | void

/** A real store behind a guard. */
export class GuardedStore implements Store {
  readonly #store: Store
  readonly #guard: Guard
  doubts = 0
  /** Why nothing could even begin. */
  refused: CacheError | undefined

  constructor(store: Store, guard: Guard) {
    this.#store = store
    this.#guard = guard
  }

  get kind(): Store['kind'] {
    return this.#store.kind
  }

  async get(key: string): Promise<Buffer | undefined> {
    await this.#guard('get')
    return this.#store.get(key)
  }

  async getMany(keys: readonly string[]): Promise<(Buffer | undefined)[]> {
    await this.#guard('getMany')
    return this.#store.getMany(keys)
  }

  async set(key: string, bytes: Uint8Array, ttlMs: number | null): Promise<void> {
    await this.#guard('set')
    return this.#store.set(key, bytes, ttlMs)
  }

  async add(key: string, bytes: Uint8Array, ttlMs: number | null): Promise<boolean> {
    await this.#guard('add')
    return this.#store.add(key, bytes, ttlMs)
  }

  async setMany(entries: readonly StoreEntry[], ttlMs: number | null): Promise<void> {
    await this.#guard('setMany')
    return this.#store.setMany(entries, ttlMs)
  }

  async delete(keys: readonly string[]): Promise<number> {
    await this.#guard('delete')
    return this.#store.delete(keys)
  }

  async ttl(key: string): Promise<number | null | undefined> {
    await this.#guard('ttl')
    return this.#store.ttl(key)
  }

  async expire(key: string, ttlMs: number): Promise<boolean> {
    await this.#guard('expire')
    return this.#store.expire(key, ttlMs)
  }

  async clear(...given: Parameters<Store['clear']>): Promise<void> {
    await this.#guard('clear')
    return this.#store.clear(...given)
  }

  async ready(): Promise<void> {
    await this.#store.ready()
  }

  refusal(): CacheError | undefined {
    return this.refused
  }

  doubt(): void {
    this.doubts += 1
  }

  async close(): Promise<void> {
    await this.#store.close()
  }
}
