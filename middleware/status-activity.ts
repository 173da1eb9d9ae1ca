import type { DurationSnapshot, MeasurementsSnapshot, Result } from '../lib/measurements.js'
import type { MinuteCount } from '../lib/monitor/sliding-count.js'
import type { StatusSource } from './status-source.js'

const MINUTE_MS = 60_000
const BUCKET_MINUTES = 15
const BUCKETS = (24 * 60) / BUCKET_MINUTES
const BUCKET_MS = BUCKET_MINUTES * MINUTE_MS

/** What happened in the last 24 hours and how the cache works. Times are ISO 8601. */
export interface Activity {
  readonly now: string
  /** When this process began to look: what was before it did not see. */
  readonly observed_since: string
  /** The shortest time between two looks at the server, in seconds. */
  readonly interval_seconds: number
  /** Since when this process seals under the primary key; null without encryption. */
  readonly key_in_use_since: string | null
  /** By the server in the last 24 hours, since this process looks; null without user monitor. */
  readonly server: {
    /** Dropped before their time to make room. */
    readonly evicted_keys: number
    /** Clients that there was no room for. */
    readonly rejected_connections: number
  } | null
  readonly timeline: Timeline
  readonly operations: Operations
}

export interface Timeline {
  /** Begin of the first bucket. */
  readonly from: string
  readonly bucket_minutes: number
  readonly failed_logins: {
    /** `server`: by anyone; `own`: of this process alone, because the server's counter cannot be read. */
    readonly source: 'server' | 'own'
    readonly since: string
    /** Between these looks the server's counter began anew: what it had counted meanwhile is lost. */
    readonly lost: readonly { readonly from: string; readonly to: string }[]
    readonly counts: readonly number[]
  }
  readonly decrypt_failures: readonly number[]
  readonly acl_denied: readonly number[]
  readonly outages: readonly { readonly from: string; readonly to: string | null }[]
}

/** Since this process began. */
export interface Operations {
  readonly hits: number
  readonly misses: number
  readonly failed: number
  /** Values read although not sealed (CACHE_READ_MODE), by format. */
  readonly legacy_reads: Readonly<Record<string, number>>
  readonly latency: readonly {
    readonly op: string
    readonly count: number
    readonly mean_ms: number
    /** 95 of 100 took no longer than this; null where it is above the longest that is told apart. */
    readonly p95_ms: number | null
  }[]
}

export function activityOf({ monitor, watch, measurements, settings }: StatusSource, now: number): Activity {
  const server = watch.serverFailures()
  return {
    now: iso(now),
    observed_since: iso(monitor.since),
    interval_seconds: settings.security.watchInterval,
    key_in_use_since: settings.encryption.enabled ? keyInUseSince(monitor) : null,
    server:
      server === undefined
        ? null
        : {
            evicted_keys: server.evictedLastDay ?? 0,
            rejected_connections: server.rejectedLastDay ?? 0,
          },
    timeline: timelineOf({ monitor, watch }, now),
    operations: operationsOf(measurements.snapshot()),
  }
}

function keyInUseSince(monitor: StatusSource['monitor']): string {
  const [rotation] = monitor.recentEvents({ type: 'key.rotated', limit: 1 })
  return rotation?.at ?? iso(monitor.since)
}

function timelineOf({ monitor, watch }: Pick<StatusSource, 'monitor' | 'watch'>, now: number): Timeline {
  const from = Math.ceil(now / BUCKET_MS) * BUCKET_MS - BUCKETS * BUCKET_MS
  const counts = (minutes: readonly MinuteCount[]): number[] => bucketed(minutes, from)
  const server = watch.serverFailures()
  return {
    from: iso(from),
    bucket_minutes: BUCKET_MINUTES,
    failed_logins: {
      source: server === undefined ? 'own' : 'server',
      since: iso(server?.since ?? monitor.since),
      lost: (server?.lost ?? []).map(([begin, end]) => ({ from: iso(begin), to: iso(end) })),
      counts: counts(server === undefined ? monitor.history('own_auth_failures') : (server.minutes ?? [])),
    },
    decrypt_failures: counts(monitor.history('decrypt_failures')),
    acl_denied: counts(monitor.history('acl_denied')),
    outages: monitor.outages().map((outage) => ({
      from: iso(outage.from),
      to: outage.to === undefined ? null : iso(outage.to),
    })),
  }
}

function bucketed(minutes: readonly MinuteCount[], from: number): number[] {
  const counts = Array.from({ length: BUCKETS }, () => 0)
  for (const [minute, count] of minutes) {
    const bucket = Math.floor((minute - from) / BUCKET_MS)
    if (bucket >= 0 && bucket < BUCKETS) counts[bucket] = (counts[bucket] ?? 0) + count
  }
  return counts
}

function operationsOf({ operations, durations, legacyReads }: MeasurementsSnapshot): Operations {
  const total = (...results: readonly Result[]): number =>
    operations.filter(({ result }) => results.includes(result)).reduce((sum, { count }) => sum + count, 0)
  return {
    hits: total('hit', 'stale'),
    misses: total('miss'),
    failed: total('timeout', 'error'),
    legacy_reads: legacyReads,
    latency: durations.map(latencyOf),
  }
}

/** From a histogram: the bound of the bucket in which the 95th of 100 lies. */
function latencyOf({
  op,
  count,
  sumSeconds,
  buckets,
}: DurationSnapshot<string>): Operations['latency'][number] {
  const bound = buckets.find((bucket) => bucket.count >= count * 0.95)?.leSeconds ?? Infinity
  return {
    op,
    count,
    mean_ms: round((sumSeconds / count) * 1000),
    p95_ms: bound === Infinity ? null : round(bound * 1000),
  }
}

function round(ms: number): number {
  return Math.round(ms * 1000) / 1000
}

function iso(at: number): string {
  return new Date(at).toISOString()
}
