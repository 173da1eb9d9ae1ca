import type { LRUCache } from 'lru-cache'
import { checkLoader, distinct, lastOfEach } from './cache/arguments.js'
import { checkKey, namespacePrefix, nestNamespace, ROOT_NAMESPACE } from './cache/key-names.js'
import { whenReady, type KeyReadiness } from './cache/key-readiness.js'
import { slideMs, type Lifetime, type Lifetimes } from './cache/lifetimes.js'
import { Landed, Loading } from './cache/loading.js'
import type { CacheStore } from './cache/ordered-store.js'
import type { Outcomes } from './cache/outcomes.js'
import type { Flight, SingleFlight } from './cache/single-flight.js'
import type { Values } from './cache/values.js'
import { encode, encodedSize, type Encoded, type EncodingScratch } from './crypto/codec.js'
import { OpenError } from './errors.js'
import type { Cache, Cacheable, Holding, Jsonified, LoadContext, Ttl, WriteOptions } from './interface.js'
import { ttlToMs } from './ttl.js'

/** What all namespaces of one cache share. */
export interface CacheParts {
  readonly store: CacheStore
  readonly keyPrefix: string
  /** The values of a namespace, by its encoded name. */
  readonly values: (namespace: string) => Values
  readonly keys: KeyReadiness
  readonly timeoutMs: number
  readonly lifetimes: Lifetimes
  /** For values that are sealed in the call that encodes them. */
  readonly scratch: EncodingScratch
  readonly outcomes: Outcomes
  readonly flights: SingleFlight<Landed>
  readonly namespaces: LRUCache<string, Cache>
  /** Aborted when the cache closes. */
  readonly signal: AbortSignal
  /** Milliseconds since 1970. */
  readonly now: () => number
}

type Loader<T> = (context: LoadContext) => T | Promise<T>

interface LoadJob {
  readonly key: string
  readonly load: Loader<unknown>
  readonly options: WriteOptions | undefined
}

/** One namespace of the sealed cache: every value that leaves it is sealed for its key, every one that enters opens. */
export class SealedCache implements Cache {
  readonly #parts: CacheParts
  readonly #namespace: string
  /** Stands before every key in the store. */
  readonly #prefix: string
  readonly #values: Values

  constructor(parts: CacheParts, namespace: string = ROOT_NAMESPACE) {
    this.#parts = parts
    this.#namespace = namespace
    this.#prefix = namespacePrefix(parts.keyPrefix, namespace)
    this.#values = parts.values(namespace)
  }

  get<T = unknown>(key: string): Promise<T | undefined> {
    return this.#read('get', key) as Promise<T | undefined>
  }

  async has(key: string): Promise<boolean> {
    return (await this.#read('has', key)) !== undefined
  }

  async set<T>(key: string, value: Cacheable<T>, options?: WriteOptions): Promise<boolean> {
    checkKey(key)
    const { store, keys, lifetimes, flights, outcomes, scratch } = this.#parts
    const lifetime = lifetimes.of(options)
    const refusal = store.refusal()
    if (refusal !== undefined) {
      this.#spare([[key, value]])
      return outcomes.failed({ op: 'set', key }, refusal, false)
    }
    const { isReady } = keys
    const encoded = isReady ? scratch.encode(value) : this.#encode(value)
    this.#values.checkSize(encoded)
    flights.overtake(this.#prefix + key)
    const started = performance.now()
    try {
      if (isReady) await this.#write(key, encoded, lifetime)
      else await this.#withKeys(() => this.#write(key, encoded, lifetime))
      outcomes.succeeded('set', 'ok')
      return true
    } catch (error) {
      return outcomes.failed({ op: 'set', key }, error, false)
    } finally {
      outcomes.took('set', started)
    }
  }

  async getOrSet<T>(
    key: string,
    load: Loader<T> & Holding<T>,
    options?: WriteOptions,
  ): Promise<Jsonified<T>> {
    checkKey(key)
    checkLoader(load)
    const { flights, lifetimes, outcomes } = this.#parts
    // For those who only follow as well: a mistake must not depend on who comes first.
    lifetimes.of(options)
    const name = this.#prefix + key
    const joined = flights.join(name)
    const flight = joined ?? flights.start(name, (started) => this.#fly(started, { key, load, options }))
    const landed = await flight.landed
    if (joined !== undefined) outcomes.counted('get_or_set', landed.wasHit ? 'hit' : 'miss')
    return landed.value() as Jsonified<T>
  }

  async delete(key: string): Promise<boolean> {
    checkKey(key)
    return (await this.#remove('delete', [this.#prefix + key])) > 0
  }

  async deleteMany(keys: Iterable<string>): Promise<number> {
    return this.#remove(
      'delete_many',
      distinct(keys).map((key) => this.#prefix + key),
    )
  }

  async ttl(key: string): Promise<number | null | undefined> {
    checkKey(key)
    const { store, outcomes } = this.#parts
    const started = performance.now()
    try {
      const left = await store.ttl(this.#prefix + key)
      outcomes.succeeded('ttl', left === undefined ? 'miss' : 'hit')
      return typeof left === 'number' ? left / 1000 : left
    } catch (error) {
      return outcomes.failed({ op: 'ttl' }, error, undefined)
    } finally {
      outcomes.took('ttl', started)
    }
  }

  /**
   * Opens the value first: only what is sealed says how far its life may be stretched. A value that somebody
   * writes between the two steps gets the new time to live, and its own lifetime still holds.
   */
  async touch(key: string, ttl: Ttl): Promise<boolean> {
    checkKey(key)
    const wantedMs = ttlToMs(ttl)
    const { store, outcomes, now } = this.#parts
    const started = performance.now()
    try {
      const bytes = await this.#fetch(key)
      const ttlMs = bytes === undefined ? 0 : slideMs(wantedMs, await this.#values.open(key, bytes), now())
      const touched = ttlMs > 0 && (await store.expire(this.#prefix + key, ttlMs))
      outcomes.succeeded('touch', touched ? 'ok' : 'miss')
      return touched
    } catch (error) {
      return outcomes.failed({ op: 'touch', key }, error, false)
    } finally {
      outcomes.took('touch', started)
    }
  }

  async getMany<T = unknown>(keys: Iterable<string>): Promise<Map<string, T>> {
    const wanted = distinct(keys)
    const found = new Map<string, T>()
    const { store, outcomes, keys: ring } = this.#parts
    const names = wanted.map((key) => this.#prefix + key)
    let all: readonly (Buffer | undefined)[]
    const started = performance.now()
    try {
      all = await (ring.isReady ? store.getMany(names) : this.#withKeys(() => store.getMany(names)))
    } catch (error) {
      return outcomes.failed({ op: 'get_many' }, error, found)
    } finally {
      outcomes.took('get_many', started)
    }
    const read = wanted.map((key, index) => this.#readOne(key, all[index]))
    const values: unknown[] = read.some(isPromise) ? await Promise.all(read) : read
    for (const [index, key] of wanted.entries()) {
      const value = values[index]
      if (value !== undefined) found.set(key, value as T)
    }
    outcomes.succeeded('get_many', 'hit', found.size)
    return found
  }

  async setMany<E extends readonly [string, unknown]>(
    entries: Iterable<E> & Holding<E[1]>,
    options?: WriteOptions,
  ): Promise<boolean> {
    const { store, keys, lifetimes, flights, outcomes } = this.#parts
    const { ttlMs, lifetimeSeconds } = lifetimes.of(options)
    const last = lastOfEach(entries)
    const refusal = store.refusal()
    if (refusal !== undefined) {
      this.#spare(last)
      return outcomes.failed({ op: 'set_many' }, refusal, false)
    }
    const encoded = Array.from(last, ([key, value]) => ({ key, bytes: this.#encode(value) }))
    const write = (): Promise<void> =>
      store.setMany(
        encoded.map(({ key, bytes }) => ({
          key: this.#prefix + key,
          bytes: this.#values.seal(key, bytes, lifetimeSeconds),
        })),
        ttlMs,
      )
    for (const { key } of encoded) flights.overtake(this.#prefix + key)
    const started = performance.now()
    try {
      await (keys.isReady ? write() : this.#withKeys(write))
      outcomes.succeeded('set_many', 'ok', encoded.length)
      return true
    } catch (error) {
      return outcomes.failed({ op: 'set_many' }, error, false)
    } finally {
      outcomes.took('set_many', started)
    }
  }

  namespace(name: string): Cache {
    const { namespaces } = this.#parts
    const nested = nestNamespace(this.#namespace, name)
    let cache = namespaces.get(nested)
    if (cache === undefined) {
      cache = new SealedCache(this.#parts, nested)
      namespaces.set(nested, cache)
    }
    return cache
  }

  async clear(): Promise<boolean> {
    const { store, flights, outcomes } = this.#parts
    flights.overtakeAll(this.#prefix)
    const started = performance.now()
    try {
      await store.clear(this.#prefix)
      outcomes.succeeded('clear', 'ok')
      return true
    } catch (error) {
      return outcomes.failed({ op: 'clear' }, error, false)
    } finally {
      outcomes.took('clear', started)
    }
  }

  async #read(op: 'get' | 'has', key: string): Promise<unknown> {
    checkKey(key)
    const { outcomes } = this.#parts
    const started = performance.now()
    try {
      const bytes = await this.#fetch(key)
      const read = bytes === undefined ? undefined : this.#values.read(key, bytes)
      const value: unknown = read instanceof Promise ? await read : read
      outcomes.succeeded(op, value === undefined ? 'miss' : 'hit')
      return value
    } catch (error) {
      return outcomes.failed({ op, key }, error, undefined)
    } finally {
      outcomes.took(op, started)
    }
  }

  /** One of many: that it does not open says nothing about the others. */
  #readOne(key: string, bytes: Buffer | undefined): unknown {
    const { outcomes } = this.#parts
    if (bytes === undefined) {
      outcomes.succeeded('get_many', 'miss')
      return undefined
    }
    const failed = (error: unknown): undefined => outcomes.failed({ op: 'get_many', key }, error, undefined)
    try {
      const read = this.#values.read(key, bytes)
      return read instanceof Promise ? heard(read.catch(failed)) : read
    } catch (error) {
      return failed(error)
    }
  }

  async #fly(flight: Flight<Landed>, job: LoadJob): Promise<Landed> {
    const { key } = job
    const { outcomes } = this.#parts
    let isReachable = true
    const started = performance.now()
    try {
      const bytes = await this.#fetch(key)
      const found = bytes === undefined ? undefined : Landed.fromStore(await this.#values.open(key, bytes))
      outcomes.succeeded('get_or_set', found === undefined ? 'miss' : 'hit')
      if (found !== undefined) return found
    } catch (error) {
      // A write into an outage would only wait for its own deadline.
      isReachable = error instanceof OpenError
      outcomes.failed({ op: 'get_or_set', key }, error, undefined)
    } finally {
      outcomes.took('get_or_set', started)
    }
    return this.#load(flight, job, isReachable)
  }

  async #load(flight: Flight<Landed>, job: LoadJob, isReachable: boolean): Promise<Landed> {
    const loading = new Loading(job.key, this.#parts.signal)
    const encoded = encode(await job.load(loading))
    // What was written or deleted since the load began is newer than what was loaded.
    if (isReachable && loading.isStored && !flight.overtaken) {
      void this.#keep(job.key, encoded, this.#parts.lifetimes.of(loading.options(job.options)))
    }
    return Landed.fromLoader(encoded)
  }

  /** Nobody waits for it: it never rejects, and what is too large to be kept is still good to be used. */
  async #keep(key: string, encoded: Encoded, lifetime: Lifetime): Promise<void> {
    const { store, outcomes } = this.#parts
    try {
      this.#values.checkSize(encoded)
      const refusal = store.refusal()
      if (refusal !== undefined) throw refusal
      await this.#write(key, encoded, lifetime)
      outcomes.succeeded('set', 'ok')
    } catch (error) {
      outcomes.note({ op: 'set', key }, error)
    }
  }

  async #remove(op: 'delete' | 'delete_many', names: readonly string[]): Promise<number> {
    const { store, flights, outcomes } = this.#parts
    for (const name of names) flights.overtake(name)
    const started = performance.now()
    try {
      const removed = await store.delete(names)
      outcomes.succeeded(op, 'ok', names.length)
      return removed
    } catch (error) {
      return outcomes.failed({ op }, error, 0)
    } finally {
      outcomes.took(op, started)
    }
  }

  #fetch(key: string): Promise<Buffer | undefined> {
    const { store, keys } = this.#parts
    const name = this.#prefix + key
    return keys.isReady ? store.get(name) : this.#withKeys(() => store.get(name))
  }

  #write(key: string, encoded: Encoded, { ttlMs, lifetimeSeconds }: Lifetime): Promise<void> {
    return this.#parts.store.set(this.#prefix + key, this.#values.seal(key, encoded, lifetimeSeconds), ttlMs)
  }

  /**
   * Where nothing can be written nothing is made for nothing: a flood of writes during an outage costs neither memory
   * nor time. What is wrong with a value is told all the same.
   */
  #spare(entries: Iterable<readonly [string, unknown]>): void {
    const all = [...entries]
    for (const [, value] of all) this.#values.checkSize({ payload: { length: encodedSize(value) } })
    for (const [key] of all) this.#parts.flights.overtake(this.#prefix + key)
  }

  #encode(value: unknown): Encoded {
    const encoded = encode(value)
    this.#values.checkSize(encoded)
    if (encoded.codec === 'json' || this.#parts.keys.isReady) return encoded
    // Until the keys are there the caller may go on with the bytes that it has.
    return { codec: 'bytes', payload: Buffer.from(encoded.payload) }
  }

  #withKeys<R>(work: () => Promise<R>): Promise<R> {
    return whenReady(this.#parts.keys, this.#parts.timeoutMs, work)
  }
}

function isPromise(read: unknown): boolean {
  return read instanceof Promise
}

/** Another value may fail before anybody awaits this one: its own failure must not end the process then. */
function heard<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => undefined)
  return promise
}
