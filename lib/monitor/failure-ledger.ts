import type { LostInterval, ServerFailuresSeen } from './observations.js'
import { beganAnew } from './server-info.js'
import type { CounterEpoch } from './server-info.js'
import { DAY_MS, HOUR_MS, SlidingCount } from './sliding-count.js'
import type { MinuteCount } from './sliding-count.js'

/** What is kept between processes. Times are unix milliseconds. */
export interface LedgerRecord extends CounterReading {
  readonly version: 2
  /** Since when it is counted. */
  readonly since: number
  /** When the counter was read last. */
  readonly at: number
  /** What the counter may have counted unseen, oldest first. */
  readonly lost: readonly LostInterval[]
  readonly minutes: readonly MinuteCount[]
}

/** The server's counter of failed logins, as INFO told it. */
export interface CounterReading extends CounterEpoch {
  readonly counter: number
}

/** More restarts than this within a day are told as fewer, longer gaps. */
const MOST_LOST = 24

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
  #reading: CounterReading = { runId: '', counter: 0, alongside: [] }
  #since: number | undefined
  #at = 0
  #lost: readonly LostInterval[] = []

  /** How much the counter grew since the last reading; the first reading only begins the count. */
  read({ runId, counter, alongside }: CounterReading, now: number): number {
    const before = this.#reading
    const begun = this.#since !== undefined
    // Otherwise it counted from zero.
    const continued = counter >= before.counter && !beganAnew(before, { runId, alongside })
    const growth = begun ? (continued ? counter - before.counter : counter) : 0
    if (begun && !continued) this.#lose([this.#at, now])
    this.#since ??= now
    this.#reading = { runId, counter, alongside }
    this.#at = now
    if (growth > 0) this.#count.add(now, growth)
    return growth
  }

  seen(now: number): Omit<ServerFailuresSeen, 'latest' | 'evictedLastDay' | 'rejectedLastDay'> {
    return {
      lastDay: this.#count.sum(now, DAY_MS),
      lastHour: this.#count.sum(now, HOUR_MS),
      since: Math.max(this.#since ?? now, now - DAY_MS),
      lost: this.#lost.filter(([, to]) => now - to <= DAY_MS),
      minutes: this.#count.minutes(now),
    }
  }

  /** Undefined before the first reading. */
  record(now: number): LedgerRecord | undefined {
    if (this.#since === undefined) return undefined
    return {
      version: 2,
      ...this.#reading,
      since: this.#since,
      at: this.#at,
      lost: this.#lost,
      minutes: this.#count.minutes(now),
    }
  }

  /** Continues from a record that reaches further back than what this ledger knows. */
  continueFrom(record: LedgerRecord, now: number): boolean {
    if (this.#since !== undefined && record.since >= this.#since) return false
    // What is older than a day says nothing about the last one.
    if (now - record.at > DAY_MS) return false
    const { runId, counter, alongside } = record
    this.#reading = { runId, counter, alongside }
    this.#since = record.since
    this.#at = record.at
    this.#lost = record.lost
    this.#count.clear()
    this.#count.restore(now, record.minutes)
    return true
  }

  /** Where there are too many, the two oldest become one, with what lies between: rather too long than too short. */
  #lose(interval: LostInterval): void {
    const [first, second, ...rest] = [...this.#lost, interval]
    const isFull = this.#lost.length >= MOST_LOST && first !== undefined && second !== undefined
    this.#lost = isFull ? [[first[0], second[1]], ...rest] : [...this.#lost, interval]
  }
}

/** The record in these bytes, or undefined where it is none. It was sealed, so it is ours; its version may not be. */
export function parseLedger(bytes: Uint8Array): LedgerRecord | undefined {
  const parsed: unknown = JSON.parse(Buffer.from(bytes).toString('utf8'))
  return isLedger(parsed) ? parsed : undefined
}

function isLedger(value: unknown): value is LedgerRecord {
  return typeof value === 'object' && value !== null && 'version' in value && value.version === 2
}
