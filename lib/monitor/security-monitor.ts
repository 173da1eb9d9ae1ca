import { CacheError } from '../errors.js'
import type { EventListener, EventType, SecurityEvent, SecurityEvents } from '../events.js'
import type { EventFilter, MonitorSummary, SecurityMonitor } from '../interface.js'
import { EventRing } from './event-ring.js'
import { EventTotals, isOwnWrongPassword } from './event-totals.js'
import { LoginStreak, STREAK_LENGTH } from './login-streak.js'
import { OutageLog } from './outage-log.js'
import type { Outage } from './outage-log.js'
import { HOUR_MS, SlidingCount } from './sliding-count.js'
import type { MinuteCount } from './sliding-count.js'

const DEFAULT_BUFFER = 1000
const LONGEST_HOURS = 24

/** What is counted over the last hour and the last 24. */
export type Counted =
  | 'own_auth_failures'
  | 'own_wrong_passwords'
  | 'acl_denied'
  | 'decrypt_failures'
  | 'tampered_values'
  | 'unknown_keys'
  | 'encrypt_failures'
  | 'outages'
  | 'plaintext_clients'

/**
 * Which events are counted as what. Failed logins that the server saw are missing on purpose: they are the
 * server's own count (lib/monitor/server-watch.ts), the same for every instance.
 */
const COUNTED: readonly (readonly [Counted, (event: SecurityEvent) => boolean])[] = [
  ['own_auth_failures', (event) => event.type === 'auth.failure' && event.source === 'own'],
  ['own_wrong_passwords', isOwnWrongPassword],
  ['acl_denied', (event) => event.type === 'acl.denied'],
  ['decrypt_failures', (event) => event.type === 'decrypt.failure'],
  ['tampered_values', (event) => event.type === 'decrypt.failure' && event.reason === 'tag'],
  ['unknown_keys', (event) => event.type === 'decrypt.failure' && event.reason === 'unknown_key'],
  ['encrypt_failures', (event) => event.type === 'encrypt.failure'],
  ['outages', (event) => event.type === 'redis.unavailable'],
  ['plaintext_clients', (event) => event.type === 'server.plaintext_client'],
]

export interface SecurityMonitorOptions {
  readonly events: SecurityEvents
  /** Unix milliseconds. */
  readonly now?: (() => number) | undefined
  /** How many events are kept (`SECURITY_EVENT_BUFFER`). */
  readonly bufferSize?: number | undefined
  /** Values sealed and opened so far; they are counted where they happen, not as events. */
  readonly cryptoOperations?: (() => number) | undefined
  /** Connections that are open now. */
  readonly activeConnections?: (() => number) | undefined
}

/** The monitor as the status, the metrics and the alerts see it. */
export interface EventMonitor extends SecurityMonitor {
  /** Unix milliseconds: nothing before this was seen. */
  readonly since: number
  readonly totals: EventTotals
  /** How often within the last `hours`, 24 at most. */
  count(what: Counted, hours: number): number
  /** The minutes of the last 24 hours in which it happened, for a timeline. */
  history(what: Counted): MinuteCount[]
  /** The outages of the last 24 hours, oldest first. */
  outages(): readonly Outage[]
  /** Failures among our own last ten logins. */
  recentLoginFailures(): number
  onAny(listener: EventListener): () => void
  /** Stops listening. What was seen stays readable. */
  close(): void
}

/**
 * Folds events into counters and sliding windows: no I/O, and no clock but the one given. Memory is fixed
 * however many events come: a ring of `bufferSize` events and one window of minutes a counter.
 *
 * One event is its own conclusion: `auth.brute_force`, when 5 of our last 10 logins failed. That a login works
 * after some that did not (`auth.recovered`) is told by the connection, which knows whose login it was.
 */
export function createSecurityMonitor(options: SecurityMonitorOptions): EventMonitor {
  return new FoldingMonitor(options)
}

class FoldingMonitor implements EventMonitor {
  readonly since: number
  readonly totals = new EventTotals()
  readonly #options: SecurityMonitorOptions
  readonly #now: () => number
  readonly #ring: EventRing
  readonly #streak = new LoginStreak()
  readonly #outages = new OutageLog()
  readonly #windows: ReadonlyMap<Counted, SlidingCount> = new Map(
    COUNTED.map(([what]) => [what, new SlidingCount()]),
  )
  readonly #stop: () => void

  constructor(options: SecurityMonitorOptions) {
    this.#options = options
    this.#now = options.now ?? Date.now
    this.since = this.#now()
    this.#ring = new EventRing(options.bufferSize ?? DEFAULT_BUFFER)
    this.#stop = options.events.onAny((event) => {
      this.#fold(event)
    })
  }

  recentEvents(filter: EventFilter = {}): readonly SecurityEvent[] {
    const since = filter.since === undefined ? Number.NEGATIVE_INFINITY : timeOf(filter.since)
    const limit = filter.limit ?? Number.POSITIVE_INFINITY
    const found: SecurityEvent[] = []
    for (const event of this.#ring.newestFirst()) {
      if (found.length >= limit) break
      if (filter.type !== undefined && event.type !== filter.type) continue
      if (filter.severity !== undefined && event.severity !== filter.severity) continue
      if (Date.parse(event.at) >= since) found.push(event)
    }
    return found
  }

  failureCount(hours: number): number {
    return this.count('own_auth_failures', hours)
  }

  count(what: Counted, hours: number): number {
    if (!(hours > 0 && hours <= LONGEST_HOURS)) {
      throw new CacheError('ERR_CACHE_MISUSE', 'hours must be above 0 and at most 24: older events are gone')
    }
    return this.#windows.get(what)?.sum(this.#now(), hours * HOUR_MS) ?? 0
  }

  history(what: Counted): MinuteCount[] {
    return this.#windows.get(what)?.minutes(this.#now()) ?? []
  }

  outages(): readonly Outage[] {
    return this.#outages.last24Hours(this.#now())
  }

  recentLoginFailures(): number {
    return this.#streak.failures(this.#now())
  }

  summary(): MonitorSummary {
    const { succeeded, failed } = this.totals.ownLogins
    const attempts = succeeded + failed
    return {
      authentication: {
        total_attempts: attempts,
        // Without any attempt nothing failed; total_attempts beside it says how much that is worth.
        success_rate_percent: attempts === 0 ? 100 : Math.round((succeeded / attempts) * 1000) / 10,
        recent_failures: this.count('own_auth_failures', LONGEST_HOURS),
      },
      encryption: {
        total_operations: this.#options.cryptoOperations?.() ?? 0,
        error_count: this.totals.cryptoErrors,
      },
      connections: { active_count: this.#options.activeConnections?.() ?? 0 },
    }
  }

  on<T extends EventType>(type: T, listener: EventListener<T>): () => void {
    return this.#options.events.on(type, listener)
  }

  onAny(listener: EventListener): () => void {
    return this.#options.events.onAny(listener)
  }

  close(): void {
    this.#stop()
  }

  #fold(event: SecurityEvent): void {
    this.#ring.add(event)
    this.totals.add(event)
    for (const [what, isOne] of COUNTED) {
      if (isOne(event)) this.#windows.get(what)?.add(this.#now(), countOf(event))
    }
    if (event.type === 'redis.unavailable') this.#outages.begin(this.#now())
    if (event.type === 'redis.recovered') this.#outages.end(this.#now(), event.outageMs)
    if (event.type === 'auth.success') this.#login(false)
    if (event.type === 'auth.failure' && event.source === 'own') this.#login(true)
  }

  /** The conclusion goes out after the event that it rests on has been counted. */
  #login(failed: boolean): void {
    const failures = this.#streak.record(failed, this.#now())
    if (failures === undefined) return
    const window = `last ${String(STREAK_LENGTH)} logins`
    this.#options.events.emit('auth.brute_force', { source: 'own', failures, window })
  }
}

/** Some events stand for several of their kind. */
export function countOf(event: SecurityEvent): number {
  return 'count' in event ? (event.count ?? 1) : 1
}

function timeOf(since: Date | string): number {
  const time = typeof since === 'string' ? Date.parse(since) : since.getTime()
  if (Number.isNaN(time)) {
    throw new CacheError(
      'ERR_CACHE_MISUSE',
      'since must be a date or an ISO 8601 text such as 2026-01-31T12:00:00Z',
    )
  }
  return time
}
