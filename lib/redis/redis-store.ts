import { setTimeout as wait } from 'node:timers/promises'
import { CacheError, OpenError } from '../errors.js'
import type { SecurityEvents } from '../events.js'
import type { ReadyOptions } from '../interface.js'
import type { CacheSettings, RedisSettings, Settings } from '../settings/settings.js'
import type { Adoption, Store, StoreEntry } from '../store.js'
import { keyGroups } from './key-groups.js'
import { Maintenance } from './maintenance.js'
import type { OperationParts } from './operation.js'
import { JoinedOperation, Operation } from './operation.js'
import { PendingLimit } from './pending-limit.js'
import { ReadBatches } from './read-batches.js'
import { GetManyOperation, GetOperation } from './read-operations.js'
import { fromRedis } from './redis-errors.js'
import type { FailureDesk } from './replies.js'
import { countReader, readAdded, readFlag, readTtl } from './replies.js'
import type { RequestParts } from './request.js'
import { Request, SetRequest } from './request.js'
import { isRefusal } from './retry-schedule.js'
import type { Route, StoreConnection } from './route.js'
import { openRoute } from './open-route.js'
import { SizeEstimates } from './size-estimates.js'
import { closed } from './when-ready.js'

const READY_TIMEOUT_MS = 10_000
const READY_PAUSE_MS = 50
/** In a namespace of our own; it never exists. */
const PROBE_KEY = '@ready:'
/** Keys of one UNLINK: it should not keep the server from others for long. */
const UNLINK_KEYS = 512

export interface RedisStoreOptions {
  readonly settings: {
    readonly redis: RedisSettings
    readonly users: Pick<Settings['users'], 'maintenance'>
    readonly cache: Pick<CacheSettings, 'timeoutMs' | 'maxValueBytes'>
  }
  readonly events: SecurityEvents
}

/**
 * Sealed bytes on a Redis server, on whichever the Sentinels call the primary, or on the nodes of a Cluster.
 *
 * Reads of one tick travel together (read-batches.ts), writes one by one; both within a window of bytes.
 * An operation waits for the very first connection up to its deadline. Once the server is known to be
 * away it fails at once, and there is neither queue nor replay.
 */
export class RedisStore implements Store {
  readonly kind = 'redis'
  readonly connection: StoreConnection
  readonly rewrite: Store['rewrite']
  readonly adopt: Store['adopt']
  readonly #route: Route
  readonly #maintenance: Maintenance
  readonly #settings: RedisStoreOptions['settings']
  readonly #estimates: SizeEstimates
  readonly #batches: ReadBatches
  readonly #pending = new PendingLimit()
  #closed = false
  readonly #desk: FailureDesk = {
    mapped: (error, operation) => {
      const ours = fromRedis(error, operation)
      // Somebody put a list or a hash there: to a reader it is a value that does not open.
      return ours.code === 'ERR_REDIS_WRONGTYPE' ? new OpenError('format') : ours
    },
    unexpected: (operation) => {
      this.connection.dropDamaged()
      return fromRedis(new Error('unexpected reply'), operation)
    },
  }

  constructor({ settings, events }: RedisStoreOptions) {
    this.#settings = settings
    const { redis, users, cache } = settings
    this.#route = openRoute({ settings: redis, events, purpose: 'cache', timeoutMs: cache.timeoutMs })
    this.connection = this.#route.connection
    this.#maintenance = new Maintenance({
      settings: redis,
      user: users.maintenance,
      events,
      servers: () => this.#route.servers,
      ownerOf: (key) => this.#route.ownerOf?.(key),
    })
    this.rewrite = this.#maintenance.canExchange ? (key, change) => this.#rewrite(key, change) : undefined
    this.adopt = this.#maintenance.canAdopt ? (adoption) => this.#adopt(adoption) : undefined
    this.#estimates = new SizeEstimates(redis.keyPrefix)
    this.#batches = new ReadBatches({
      estimates: this.#estimates,
      desk: this.#desk,
      groupOf: (key) => this.#route.groupOf(key),
      offer: (batch, group) => this.#route.offer('read', group, batch),
      isBusy: () => this.#route.isBusy('read'),
    })
  }

  get(key: string): Promise<Buffer | undefined> {
    const refusal = this.refusal()
    if (refusal !== undefined) return Promise.reject(refusal)
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

  set(key: string, bytes: Uint8Array, ttlMs: number | null): Promise<void> {
    const refusal = this.#oversize(bytes) ?? this.refusal()
    if (refusal !== undefined) return Promise.reject(refusal)
    const operation = new Operation<void>(this.#parts('SET', bytes.length))
    this.#offerSet({ key, bytes }, ttlMs, operation)
    return operation.promise
  }

  async add(key: string, bytes: Uint8Array, ttlMs: number | null): Promise<boolean> {
    const refusal = this.#oversize(bytes) ?? this.refusal()
    if (refusal !== undefined) throw refusal
    const operation = new Operation<boolean>(this.#parts('SET', bytes.length))
    const parts = [key, bytes, ...expiryOf(ttlMs), 'NX']
    this.#offer({ name: 'set', parts, cost: bytes.length, operation, read: readAdded })
    return operation.promise
  }

  async setMany(entries: readonly StoreEntry[], ttlMs: number | null): Promise<void> {
    if (entries.length === 0) return
    let size = 0
    for (const { bytes } of entries) {
      const oversize = this.#oversize(bytes)
      if (oversize !== undefined) throw oversize
      size += bytes.length
    }
    this.#admit()
    const operation = new JoinedOperation<void>(this.#parts('SET', size), {
      commands: entries.length,
      start: undefined,
      combine: () => undefined,
    })
    for (const entry of entries) this.#offerSet(entry, ttlMs, operation)
    return operation.promise
  }

  async delete(keys: readonly string[]): Promise<number> {
    if (keys.length === 0) return 0
    this.#admit()
    const commands = keyGroups(keys, { most: UNLINK_KEYS, groupOf: (key) => this.#route.groupOf(key) })
    const operation = new JoinedOperation<number>(this.#parts('UNLINK', 0), {
      commands: commands.length,
      start: 0,
      combine: (sofar, count) => sofar + count,
    })
    for (const parts of commands) {
      this.#offer({ name: 'unlink', parts, cost: 0, operation, read: countReader(parts.length) })
    }
    return operation.promise
  }

  async ttl(key: string): Promise<number | null | undefined> {
    this.#admit()
    const operation = new Operation<number | null | undefined>(this.#parts('PTTL', 0))
    this.#offer({ name: 'pttl', parts: [key], cost: 0, operation, read: readTtl })
    return operation.promise
  }

  async expire(key: string, ttlMs: number): Promise<boolean> {
    this.#admit()
    const operation = new Operation<boolean>(this.#parts('PEXPIRE', 0))
    this.#offer({ name: 'pexpire', parts: [key, wholeMs(ttlMs)], cost: 0, operation, read: readFlag })
    return operation.promise
  }

  async clear(...[prefix, only]: Parameters<Store['clear']>): Promise<void> {
    if (this.#closed) throw closed()
    await this.#maintenance.clear(prefix, only)
  }

  /**
   * Passwords and certificates have changed: they count from the next handshake on, and connections that work are
   * not disturbed.
   *
   * @throws {CacheError} ERR_TLS_… for PEM texts that OpenSSL refuses; everything stays as it was then
   */
  renew({ redis, users }: Pick<RedisStoreOptions['settings'], 'redis' | 'users'>): void {
    const { password, tls, authentication } = redis
    this.connection.renew({ password, tls })
    this.#maintenance.renew({
      password: authentication === 'acl' ? users.maintenance.password : password,
      tls,
    })
  }

  refusal(): CacheError | undefined {
    if (this.#closed) return closed()
    if (this.connection.status === 'down') return this.connection.lastError
    return this.#pending.refusal()
  }

  doubt(): void {
    this.connection.doubt()
  }

  async ready({ timeoutMs = READY_TIMEOUT_MS, signal }: ReadyOptions = {}): Promise<void> {
    const end = performance.now() + timeoutMs
    for (;;) {
      await this.connection.ready({ timeoutMs: Math.max(1, end - performance.now()), signal })
      const error = await this.#tryRead()
      if (error === undefined) return
      const enough = performance.now() + READY_PAUSE_MS > end || signal?.aborted === true
      if (enough || isRefusal(error.code)) throw error
      await wait(READY_PAUSE_MS)
    }
  }

  async close(options: { readonly timeoutMs?: number | undefined } = {}): Promise<void> {
    this.#closed = true
    await Promise.all([this.connection.close(options), this.#maintenance.close(options)])
  }

  async #rewrite(key: string, change: Parameters<NonNullable<Store['rewrite']>>[1]): Promise<boolean> {
    if (this.#closed) throw closed()
    return this.#maintenance.exchange(key, change)
  }

  async #adopt(adoption: Adoption): Promise<boolean> {
    if (this.#closed) throw closed()
    return this.#maintenance.adopt(adoption)
  }

  #offerSet({ key, bytes }: StoreEntry, ttlMs: number | null, operation: Operation<void>): void {
    const expiry = ttlMs === null ? undefined : wholeMs(ttlMs)
    this.#estimates.saw(key, bytes.length)
    const request = new SetRequest({ key, bytes, expiry, operation }, this.#desk)
    this.#route.offer('write', this.#route.groupOf(key), request)
  }

  #offer<T>(command: RequestParts<T>): void {
    const group = this.#route.groupOf(String(command.parts[0]))
    this.#route.offer('write', group, new Request(command, this.#desk))
  }

  #oversize(bytes: Uint8Array): CacheError | undefined {
    const { maxValueBytes } = this.#settings.cache
    if (bytes.length <= maxValueBytes) return undefined
    return new CacheError(
      'ERR_CACHE_TOO_LARGE',
      `the sealed value has ${bytes.length} bytes, CACHE_MAX_VALUE_BYTES allows ${maxValueBytes}`,
    )
  }

  #parts(name: string, bytes: number): OperationParts {
    return { name, bytes, deadline: this.connection.deadline, pending: this.#pending }
  }

  /** A login proves no right to read, and a server that is loading lets in as well. */
  async #tryRead(): Promise<CacheError | undefined> {
    try {
      await this.get(`${this.#settings.redis.keyPrefix}${PROBE_KEY}`)
      return undefined
    } catch (error) {
      // Whoever plants something there must not keep the application from starting.
      return error instanceof OpenError ? undefined : fromRedis(error, 'GET')
    }
  }

  #admit(): void {
    const refusal = this.refusal()
    if (refusal !== undefined) throw refusal
  }
}

function expiryOf(ttlMs: number | null): readonly string[] {
  return ttlMs === null ? [] : ['PX', wholeMs(ttlMs)]
}

/** Redis takes whole milliseconds above zero. */
function wholeMs(ttlMs: number): string {
  return String(Math.max(1, Math.ceil(ttlMs)))
}
