import { CacheError } from '../errors.js'
import type { SecurityEvents } from '../events.js'
import type { ReadyOptions } from '../interface.js'
import type { CacheSettings, RedisSettings, Settings } from '../settings/settings.js'
import type { Store, StoreEntry } from '../store.js'
import type { RedisConnection } from './connection.js'
import { closed, openConnection } from './connection.js'
import { Maintenance } from './maintenance.js'
import type { Gauge, OperationParts } from './operation.js'
import { Operation } from './operation.js'
import { ReadBatches } from './read-batches.js'
import { GetManyOperation, GetOperation } from './read-operations.js'
import { fromRedis } from './redis-errors.js'
import type { FailureDesk } from './replies.js'
import { countReader, readFlag, readOk, readTtl } from './replies.js'
import type { RequestParts } from './request.js'
import { Request } from './request.js'
import { SendWindow } from './send-window.js'
import { SizeEstimates } from './size-estimates.js'

/** Bytes on the way in each direction; redis.md has what the server does to a client with more. */
const WINDOW_BYTES = 4 * 1024 * 1024
const WINDOW_COMMANDS = 1024
/** Operations that may be pending at once; above it they fail at once, so that memory stays bounded. */
const MAX_PENDING = 8192
const MAX_PENDING_BYTES = 64 * 1024 * 1024

export interface RedisStoreOptions {
  readonly settings: {
    readonly redis: RedisSettings
    readonly users: Pick<Settings['users'], 'maintenance'>
    readonly cache: Pick<CacheSettings, 'timeoutMs' | 'maxValueBytes'>
  }
  readonly events: SecurityEvents
}

/**
 * Sealed bytes on a Redis server, over one connection.
 *
 * Reads of one tick travel together (read-batches.ts), writes one by one; both within a window of bytes.
 * An operation waits for the very first connection up to its deadline. Once the server is known to be
 * away it fails at once, and there is neither queue nor replay.
 */
export class RedisStore implements Store {
  readonly kind = 'redis'
  readonly connection: RedisConnection
  readonly #maintenance: Maintenance
  readonly #settings: RedisStoreOptions['settings']
  readonly #estimates: SizeEstimates
  readonly #reads: SendWindow
  readonly #writes: SendWindow
  readonly #batches: ReadBatches
  #pending = 0
  #pendingBytes = 0
  #closed = false
  readonly #gauge: Gauge = {
    began: (bytes) => {
      this.#pending += 1
      this.#pendingBytes += bytes
    },
    ended: (bytes) => {
      this.#pending -= 1
      this.#pendingBytes -= bytes
    },
  }
  readonly #desk: FailureDesk = {
    mapped: (error, operation) => fromRedis(error, operation),
    unexpected: (operation) => {
      this.connection.dropDamaged()
      return fromRedis(new Error('unexpected reply'), operation)
    },
  }

  constructor({ settings, events }: RedisStoreOptions) {
    this.#settings = settings
    const { redis, users, cache } = settings
    this.connection = openConnection({
      settings: redis,
      events,
      purpose: 'cache',
      timeoutMs: cache.timeoutMs,
    })
    this.#maintenance = new Maintenance({ settings: redis, user: users.maintenance, events })
    this.#estimates = new SizeEstimates(redis.keyPrefix)
    const send = this.connection.client.sendCommand.bind(this.connection.client)
    this.#reads = new SendWindow({ maxCost: WINDOW_BYTES, maxCommands: WINDOW_COMMANDS, send })
    this.#writes = new SendWindow({ maxCost: WINDOW_BYTES, maxCommands: WINDOW_COMMANDS, send })
    this.#batches = new ReadBatches({
      estimates: this.#estimates,
      desk: this.#desk,
      offer: (batch) => this.#reads.offer(batch),
    })
    this.connection.onStatus((status) => (status === 'up' ? this.#open() : this.#shut()))
  }

  async get(key: string): Promise<Buffer | undefined> {
    this.#admit()
    const operation = new GetOperation(this.#parts('GET', 0))
    this.#batches.add(key, operation, 0)
    return operation.promise
  }

  async getMany(keys: readonly string[]): Promise<(Buffer | undefined)[]> {
    if (keys.length === 0) return []
    this.#admit()
    const operation = new GetManyOperation(this.#parts('MGET', 0), keys.length)
    for (const [index, key] of keys.entries()) this.#batches.add(key, operation, index)
    return operation.promise
  }

  async set(key: string, bytes: Uint8Array, ttlMs: number | null): Promise<void> {
    return this.#write(key, bytes, ttlMs)
  }

  async setMany(entries: readonly StoreEntry[], ttlMs: number | null): Promise<void> {
    await Promise.all(entries.map(({ key, bytes }) => this.#write(key, bytes, ttlMs)))
  }

  async delete(keys: readonly string[]): Promise<number> {
    if (keys.length === 0) return 0
    return this.#request({ name: 'unlink', parts: keys, cost: 0, read: countReader(keys.length) })
  }

  async ttl(key: string): Promise<number | null | undefined> {
    return this.#request({ name: 'pttl', parts: [key], cost: 0, read: readTtl })
  }

  async expire(key: string, ttlMs: number): Promise<boolean> {
    return this.#request({ name: 'pexpire', parts: [key, wholeMs(ttlMs)], cost: 0, read: readFlag })
  }

  async clear(prefix: string): Promise<void> {
    if (this.#closed) throw closed()
    await this.#maintenance.clear(prefix)
  }

  async ready(options?: ReadyOptions): Promise<void> {
    await this.connection.ready(options)
  }

  /** Replies that do not open may belong to other keys: such a connection never heals by itself. */
  doubt(): void {
    this.connection.dropDamaged()
  }

  async close(options: { readonly timeoutMs?: number | undefined } = {}): Promise<void> {
    this.#closed = true
    await Promise.all([this.connection.close(options), this.#maintenance.close(options)])
  }

  async #write(key: string, bytes: Uint8Array, ttlMs: number | null): Promise<void> {
    const { maxValueBytes } = this.#settings.cache
    if (bytes.length > maxValueBytes) {
      throw new CacheError(
        'ERR_CACHE_TOO_LARGE',
        `the sealed value has ${bytes.length} bytes, CACHE_MAX_VALUE_BYTES allows ${maxValueBytes}`,
      )
    }
    const expiry = ttlMs === null ? [] : ['PX', wholeMs(ttlMs)]
    this.#estimates.saw(key, bytes.length)
    return this.#request({ name: 'set', parts: [key, bytes, ...expiry], cost: bytes.length, read: readOk })
  }

  #request<T>(command: Omit<RequestParts<T>, 'operation' | 'desk'>): Promise<T> {
    this.#admit()
    const operation = new Operation<T>(this.#parts(command.name.toUpperCase(), command.cost))
    this.#writes.offer(new Request({ ...command, operation, desk: this.#desk }))
    return operation.promise
  }

  #parts(name: string, bytes: number): OperationParts {
    return { name, bytes, deadline: this.connection.deadline, gauge: this.#gauge }
  }

  /** Throws where the operation cannot even begin. */
  #admit(): void {
    if (this.#closed) throw closed()
    if (this.connection.status === 'down') throw this.connection.lastError ?? closed()
    if (this.#pending >= MAX_PENDING || this.#pendingBytes >= MAX_PENDING_BYTES) {
      throw new CacheError(
        'ERR_CACHE_OVERLOADED',
        `${this.#pending} operations are waiting for Redis: look at its load, or send it less at once`,
      )
    }
  }

  #open(): void {
    this.#reads.open()
    this.#writes.open()
  }

  #shut(): void {
    const error = this.connection.status === 'closed' ? closed() : (this.connection.lastError ?? closed())
    for (const window of [this.#reads, this.#writes]) {
      window.shut()
      window.failWaiting(error)
    }
  }
}

/** Redis takes whole milliseconds above zero. */
function wholeMs(ttlMs: number): string {
  return String(Math.max(1, Math.ceil(ttlMs)))
}
