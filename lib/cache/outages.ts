import type { CacheError, CacheErrorCode } from '../errors.js'
import type { SecurityEvents } from '../events.js'
import type { Operation } from '../measurements.js'

/**
 * What a reachable server answers when it cannot work. That it cannot be reached, or that a login or a command
 * is denied, is told by the connection itself.
 */
const ANSWERED: ReadonlySet<CacheErrorCode> = new Set<CacheErrorCode>([
  'ERR_REDIS_OOM',
  'ERR_REDIS_READONLY',
  'ERR_REDIS_MISCONF',
  'ERR_REDIS_MASTERDOWN',
  'ERR_REDIS_BUSY',
  'ERR_REDIS_LOADING',
])

/** Out of memory, a server still reads and deletes: each kind of work fails and recovers by itself. */
const KIND = {
  get: 'read',
  has: 'read',
  get_many: 'read',
  get_or_set: 'read',
  ttl: 'read',
  set: 'write',
  set_many: 'write',
  touch: 'touch',
  delete: 'remove',
  delete_many: 'remove',
  clear: 'clear',
} as const satisfies Readonly<Record<Operation, string>>

/** A success ends an outage only where no failure came for so long: half a server is no recovered one. */
const QUIET_MS = 1000

interface Outage {
  readonly since: number
  lastFailure: number
}

/** One event when a kind of work begins to fail and one when it works again, however many requests fail between. */
export class Outages {
  readonly #events: SecurityEvents
  readonly #now: () => number
  readonly #open = new Map<string, Outage>()

  constructor(events: SecurityEvents, now: () => number) {
    this.#events = events
    this.#now = now
  }

  failed(op: Operation, { code, message }: CacheError): void {
    if (!ANSWERED.has(code)) return
    const now = this.#now()
    const outage = this.#open.get(KIND[op])
    if (outage !== undefined) {
      outage.lastFailure = now
      return
    }
    this.#open.set(KIND[op], { since: now, lastFailure: now })
    this.#events.emit('redis.unavailable', { errorCode: code, message })
  }

  succeeded(op: Operation): void {
    if (this.#open.size === 0) return
    const outage = this.#open.get(KIND[op])
    const now = this.#now()
    if (outage === undefined || now - outage.lastFailure < QUIET_MS) return
    this.#open.delete(KIND[op])
    this.#events.emit('redis.recovered', { outageMs: Math.round(now - outage.since) })
  }
}
