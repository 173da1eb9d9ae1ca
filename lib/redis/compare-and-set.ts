import type { Redis } from 'ioredis'
import { RedisError } from '../errors.js'
import { keyGroups } from './key-groups.js'
import { Redirection } from './redirection.js'
import { fromRedis } from './redis-errors.js'

/** Values of a joined exchange are read up to here; a longer one is exchanged alone. */
const JOINED_BYTES = 64 * 1024
/** A connection that is replaced this often in a row is no place for a transaction. */
const ATTEMPTS = 3

/** A string as it lies in Redis. */
export interface HeldValue {
  readonly key: Buffer
  readonly value: Buffer
  /** Milliseconds left; `null` for a value without expiry. Looked up together with the value. */
  readonly ttlMs: number | null
}

/**
 * How it ended for one key. `changed`: the new bytes lie there. `kept`: no new bytes were wanted, or it is no
 * string. `overtaken`: somebody wrote in between, and that stayed. `gone`: there is no such key any more.
 * `moved`: another node of the Cluster has the key, or is about to.
 */
export type ExchangeOutcome = 'changed' | 'kept' | 'overtaken' | 'gone' | 'moved'

export interface Exchanged {
  readonly key: Buffer
  readonly outcome: ExchangeOutcome
  /** What lay there before; absent where it was `gone` or no string. */
  readonly before: Buffer | undefined
}

/** The new bytes of a value, or `undefined` to leave it alone. */
export type Change = (held: HeldValue) => Uint8Array | undefined

/** Keys of one group may share a transaction: all of them on one server, those of one slot in a Cluster. */
export type GroupOf = (key: Buffer) => number

/**
 * Writes new bytes over the bytes that were read, and over nothing else: WATCH, GETRANGE, PTTL, MULTI,
 * SET XX KEEPTTL, EXEC. The time to live stays to the millisecond; no script is needed (docs/redis.md).
 *
 * One exchange at a time on a connection: a second one's EXEC would end the first one's WATCH. So the client
 * belongs to this object, as far as transactions go; SCAN and reads beside it do no harm.
 */
export class CompareAndSet {
  readonly #client: Redis
  readonly #groupOf: GroupOf
  #last: Promise<unknown> = Promise.resolve()

  constructor(client: Redis, groupOf: GroupOf = () => 0) {
    this.#client = client
    this.#groupOf = groupOf
  }

  /**
   * Exchanges the values of all keys, those of a group in one transaction where nobody writes to any of them in
   * between, else one by one. In the order of the groups. At most some dozens: values up to 64 KiB travel together.
   *
   * Rejects with a CacheError where the server refuses or is away: what lies there is then the old value or
   * the new one.
   */
  exchange(keys: readonly Buffer[], change: Change): Promise<Exchanged[]> {
    return this.alone(() => this.#exchange(keys, change))
  }

  /** Other work with transactions on this connection, in its turn. */
  alone<R>(work: () => Promise<R>): Promise<R> {
    const done = this.#last.then(work)
    this.#last = done.catch(() => undefined)
    return done
  }

  async #exchange(keys: readonly Buffer[], change: Change): Promise<Exchanged[]> {
    const settled: Exchanged[] = []
    for (const group of keyGroups(keys, { most: keys.length, groupOf: this.#groupOf })) {
      settled.push(...(await this.#exchangeGroup(group, change)))
    }
    return settled
  }

  async #exchangeGroup(keys: readonly Buffer[], change: Change): Promise<Exchanged[]> {
    if (keys.length === 1) return this.#alone(keys, change)
    const joined = await this.#attempt(keys, change, JOINED_BYTES)
    const settled: Exchanged[] = []
    for (const [index, key] of keys.entries()) {
      const result = joined[index]
      settled.push(...(result === undefined ? await this.#alone([key], change) : [result]))
    }
    return settled
  }

  async #alone(keys: readonly Buffer[], change: Change): Promise<Exchanged[]> {
    const results = await this.#attempt(keys, change, undefined)
    return results.filter((result) => result !== undefined)
  }

  /** `undefined` for a key that must be tried alone. */
  async #attempt(
    keys: readonly Buffer[],
    change: Change,
    maxBytes: number | undefined,
  ): Promise<(Exchanged | undefined)[]> {
    for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
      const connection = this.#client.stream
      const found = await this.#watch(keys, maxBytes)
      // A new connection watches nothing: what was read on the old one may be anything by now.
      if (this.#client.stream === connection) {
        return this.#replace(found, change)
      }
    }
    throw new RedisError(
      'ERR_CACHE_UNAVAILABLE',
      'the connection was replaced again and again while a value was exchanged: try later',
      'WATCH',
    )
  }

  async #watch(keys: readonly Buffer[], maxBytes: number | undefined): Promise<Found[]> {
    const client = this.#client
    return Promise.all(
      keys.map(async (key) => {
        // One by one: of several keys, some on their way to another node, the Cluster only says "try again".
        const [watching, value, ttl] = await Promise.allSettled([
          client.watch(key),
          maxBytes === undefined ? client.getBuffer(key) : client.getrangeBuffer(key, 0, maxBytes - 1),
          client.pttl(key),
        ])
        if (watching.status === 'rejected') return { key, state: unreadable(watching.reason, 'WATCH') }
        if (value.status === 'rejected') return { key, state: unreadable(value.reason, 'GET') }
        if (ttl.status === 'rejected') return { key, state: unreadable(ttl.reason, 'PTTL') }
        return { key, state: stateOf({ value: value.value, ttl: ttl.value, maxBytes }) }
      }),
    )
  }

  async #replace(found: readonly Found[], change: Change): Promise<(Exchanged | undefined)[]> {
    const client = this.#client
    const wanted = found.map(({ key, state }) =>
      typeof state === 'object' ? change({ key, ...state }) : undefined,
    )
    const writes = found.flatMap(({ key }, index) => {
      const bytes = wanted[index]
      return bytes === undefined
        ? []
        : [{ key, bytes: Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length) }]
    })
    if (writes.length === 0) {
      await client.unwatch().catch((error: unknown) => {
        throw fromRedis(error, 'UNWATCH')
      })
      return found.map((entry) => unchanged(entry))
    }
    // In one tick, so that all of it goes out on the connection that watches.
    const queued = [
      client.call('MULTI'),
      ...writes.map(({ key, bytes }) => client.call('SET', key, bytes, 'XX', 'KEEPTTL')),
    ]
    const sent = await Promise.all([client.call('EXEC'), ...queued]).catch((error: unknown) => {
      const ours = fromRedis(error, 'EXEC')
      // A slot that moves takes the whole transaction with it.
      if (!(ours instanceof Redirection)) throw ours
    })
    if (sent === undefined) {
      return found.map((entry, index) =>
        wanted[index] === undefined ? unchanged(entry) : ended(entry, 'moved'),
      )
    }
    const [replies] = sent
    const answers = Array.isArray(replies) ? [...(replies as unknown[])] : undefined
    return found.map((entry, index) => {
      if (wanted[index] === undefined) return unchanged(entry)
      if (answers === undefined) {
        return found.length === 1 ? ended(entry, 'overtaken') : undefined
      }
      const answer = answers.shift()
      if (answer instanceof Error) throw fromRedis(answer, 'SET')
      return ended(entry, answer === null ? 'gone' : 'changed')
    })
  }
}

interface Found {
  readonly key: Buffer
  /** The value; or why there is none to be changed here. */
  readonly state:
    { readonly value: Buffer; readonly ttlMs: number | null } | 'gone' | 'other' | 'moved' | 'long'
}

function stateOf(read: {
  readonly value: Buffer | null
  readonly ttl: number
  readonly maxBytes: number | undefined
}): Found['state'] {
  const { value, ttl, maxBytes } = read
  // GETRANGE answers an absent key with an empty text, PTTL with -2.
  if (value === null || ttl === -2) return 'gone'
  if (maxBytes !== undefined && value.length >= maxBytes) return 'long'
  return { value, ttlMs: ttl < 0 ? null : ttl }
}

/** Whoever calls meant strings, at this server: what became a list meanwhile, or went elsewhere, is left alone. */
function unreadable(error: unknown, operation: string): 'other' | 'moved' {
  const ours = fromRedis(error, operation)
  if (ours.code === 'ERR_REDIS_WRONGTYPE') return 'other'
  if (ours instanceof Redirection) return 'moved'
  throw ours
}

function unchanged(entry: Found): Exchanged | undefined {
  const { state } = entry
  if (state === 'long') return undefined
  return ended(entry, state === 'gone' || state === 'moved' ? state : 'kept')
}

function ended({ key, state }: Found, outcome: ExchangeOutcome): Exchanged {
  return { key, outcome, before: typeof state === 'object' ? state.value : undefined }
}
