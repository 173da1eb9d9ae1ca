import type { CacheError } from './errors.js'

/** One value to be written: the complete Redis key, the sealed bytes. */
export interface StoreEntry {
  readonly key: string
  readonly bytes: Uint8Array
}

/** What lies under a key at the moment of a rewrite. */
export interface HeldBytes {
  readonly value: Buffer
  /** Milliseconds left; `null` for a value without expiry. */
  readonly ttlMs: number | null
}

/** Bytes that are to lie under another key as well; see {@link Store.adopt}. */
export interface Adoption {
  readonly key: string
  readonly unless: string
  readonly from: readonly string[]
  /** `source`: which of `from` it is. */
  readonly change: (held: HeldBytes, source: string) => Uint8Array | undefined
}

/**
 * Where sealed bytes rest: bytes in, bytes out. A store knows nothing of values, sealing or namespaces.
 *
 * Keys are complete (prefix, namespace and key joined). Every operation settles within the store's own
 * deadline and rejects with a `CacheError`, never with a foreign error. Times are whole milliseconds.
 * Bytes that come back belong to the caller and are not changed afterwards; bytes that are handed in must not be
 * changed until the operation has settled.
 */
export interface Store {
  readonly kind: 'redis' | 'memory'
  /** The bytes, or `undefined` where there are none. */
  get(key: string): Promise<Buffer | undefined>
  /** In the order of the keys. */
  getMany(keys: readonly string[]): Promise<(Buffer | undefined)[]>
  /** `ttlMs: null` keeps the value until it is evicted. Rejects where the value was not stored. */
  set(key: string, bytes: Uint8Array, ttlMs: number | null): Promise<void>
  /** As `set`, only where there is nothing under the key; false where there is. */
  add(key: string, bytes: Uint8Array, ttlMs: number | null): Promise<boolean>
  /** Writes all or rejects; after a rejection some may have been written. */
  setMany(entries: readonly StoreEntry[], ttlMs: number | null): Promise<void>
  /** How many of the keys there were. */
  delete(keys: readonly string[]): Promise<number>
  /** Milliseconds left, `null` for a value without expiry, `undefined` for an absent one. */
  ttl(key: string): Promise<number | null | undefined>
  /** New time to live for an existing value; false where it is absent. */
  expire(key: string, ttlMs: number): Promise<boolean>
  /**
   * Removes every key that begins with the prefix (text, not a pattern). Not bound by the deadline. With `only`
   * those of them, well-formed and holding bytes, of which it says so when it sees the name and the first byte, and
   * only where nobody writes in between.
   */
  clear(prefix: string, only?: (key: string, head: Uint8Array) => boolean): Promise<void>
  /**
   * Writes new bytes over those that lie there, only where nobody wrote in between, and keeps the time to live.
   * `change` gives the new bytes, or `undefined` to leave them. False where nothing was written. Not bound by the
   * deadline. Absent where the store cannot do it (on Redis: without `REDIS_MAINTENANCE_PASSWORD`).
   */
  rewrite?:
    ((key: string, change: (held: HeldBytes) => Uint8Array | undefined) => Promise<boolean>) | undefined
  /**
   * Writes under `key` what `change` makes of the first of `from` for which it gives bytes, with the time to live of
   * that one: only where there is nothing under `key` nor under `unless`, and nobody writes to any of them in between.
   * What was read stays. False where nothing was written. Not bound by the deadline. Absent where the store cannot do
   * it (on Redis: as `rewrite`, and on a Cluster, whose transactions hold one slot).
   */
  adopt?: ((adoption: Adoption) => Promise<boolean>) | undefined
  /**
   * Why an operation could not even begin at this moment (closed, server away, overloaded). Ask before
   * work that would be in vain, such as sealing.
   */
  refusal?(): CacheError | undefined
  /**
   * A value came back that its key does not open. Where the store has a connection it looks whether
   * replies still belong to their commands, and replaces the connection where they do not. Cheap: call it
   * for every such value.
   */
  doubt?(): void
  /** Resolves once the store works; rejects at once for what waiting cannot cure (login, permission, certificate). */
  ready(options?: { timeoutMs?: number | undefined; signal?: AbortSignal | undefined }): Promise<void>
  /** Ends within the bound, whatever the server does. Later operations reject with ERR_CACHE_CLOSED. */
  close(options?: { timeoutMs?: number | undefined }): Promise<void>
}
