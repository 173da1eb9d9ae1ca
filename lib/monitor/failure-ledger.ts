import type { ServerFailuresSeen } from './observations.js'
import { DAY_MS, HOUR_MS, SlidingCount } from './sliding-count.js'
import type { MinuteCount } from './sliding-count.js'

/** What is kept between processes. Times are unix milliseconds. */
export interface LedgerRecord {
  readonly version: 1
  /** Which start of the server the counter belongs to. */
  readonly runId: string
  readonly counter: number
  /** Since when it is counted. */
  readonly since: number
  /** When the counter was read last. */
  readonly at: number
  /** When the counter was seen to have begun anew: what it counted between our last look and that is lost. */
  readonly lostAt: number | null
  readonly minutes: readonly MinuteCount[]
}

/** The server's counter of failed logins, as INFO told it. */
export interface CounterReading {
  readonly runId: string
  readonly counter: number
}

/**
 * Failed logins by anyone, from a counter that only ever grows until the server restarts: the growth is
 * counted, minute by minute. It stays exact over a full ACL LOG, a reset of the log and a restart of the
 * server (docs/redis.md).
 *
 * Every record agrees with itself (its minutes add up to what the counter grew by), so any number of
 * instances may continue from any of them, and a write that loses a race loses nothing.
 */
export class FailureLedger {
  readonly #count = new SlidingCount()
  #runId = ''
  #counter = 0
  #since: number | undefined
  #at = 0
  #lostAt: number | null = null

  /** How much the counter grew since the last reading; the first reading only begins the count. */
  read({ runId, counter }: CounterReading, now: number): number {
    const begun = this.#since !== undefined
    // Otherwise a new start of the server, or CONFIG RESETSTAT: it counted from zero.
    const continued = runId === this.#runId && counter >= this.#counter
    const growth = begun ? (continued ? counter - this.#counter : counter) : 0
    if (begun && !continued) this.#lostAt = now
    this.#since ??= now
    this.#runId = runId
    this.#counter = counter
    this.#at = now
    if (growth > 0) this.#count.add(now, growth)
    return growth
  }

  seen(now: number): Omit<ServerFailuresSeen, 'latest'> & { readonly lostAt: number | null } {
    return {
      lastDay: this.#count.sum(now, DAY_MS),
      lastHour: this.#count.sum(now, HOUR_MS),
      since: Math.max(this.#since ?? now, now - DAY_MS),
      lostAt: this.#lostAt !== null && now - this.#lostAt <= DAY_MS ? this.#lostAt : null,
      minutes: this.#count.minutes(now),
    }
  }

  /** Undefined before the first reading. */
  record(now: number): LedgerRecord | undefined {
    if (this.#since === undefined) return undefined
    return {
      version: 1,
      runId: this.#runId,
      counter: this.#counter,
      since: this.#since,
      at: this.#at,
      lostAt: this.#lostAt,
      minutes: this.#count.minutes(now),
    }
  }

  /** Continues from a record that reaches further back than what this ledger knows. */
  continueFrom(record: LedgerRecord, now: number): boolean {
    if (this.#since !== undefined && record.since >= this.#since) return false
    // What is older than a day says nothing about the last one.
    if (now - record.at > DAY_MS) return false
    this.#runId = record.runId
    this.#counter = record.counter
    this.#since = record.since
    this.#at = record.at
    this.#lostAt = record.lostAt
    this.#count.clear()
    this.#count.restore(now, record.minutes)
    return true
  }
}

/** The record in these bytes, or undefined where it is none. It was sealed, so it is ours; its version may not be. */
export function parseLedger(bytes: Uint8Array): LedgerRecord | undefined {
  const parsed: unknown = JSON.parse(Buffer.from(bytes).toString('utf8'))
  return isLedger(parsed) ? parsed : undefined
}

function isLedger(value: unknown): value is LedgerRecord {
  return typeof value === 'object' && value !== null && 'version' in value && value.version === 1
}
