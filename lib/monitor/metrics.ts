import type { DurationSnapshot, Measurements, MeasurementsSnapshot } from '../measurements.js'
import type { EventTotals } from './event-totals.js'
import type { EventMonitor } from './security-monitor.js'
import type { AnsweringWatch } from './security-watch.js'
import type { SecurityStatus } from './status.js'

/** What the numbers of one cache come from. */
export interface MetricsSource {
  readonly measurements: Measurements
  readonly monitor: EventMonitor
  readonly watch: AnsweringWatch
}

type Labels = Readonly<Record<string, string | number>>

/** One line of the exposition format. */
export interface MetricValue {
  readonly labels: Labels
  readonly value: number
  /** With its suffix, for the lines of a histogram. */
  readonly metricName?: string | undefined
}

/** How the same series of several caches, or of several processes, become one. */
type Combination = 'sum' | 'min' | 'max'

/** One metric as prom-client's registry takes it: read when it is asked for, nothing is counted twice. */
export interface LiveMetric {
  readonly name: string
  readonly help: string
  readonly type: 'counter' | 'gauge' | 'histogram'
  readonly aggregator: Combination
  get(): Promise<{
    readonly name: string
    readonly help: string
    readonly type: LiveMetric['type']
    readonly aggregator: Combination
    readonly values: readonly MetricValue[]
  }>
  /** A registry may ask for it; what has happened cannot be undone. */
  reset(): void
}

interface Seen {
  readonly measured: MeasurementsSnapshot
  readonly totals: EventTotals
  readonly status: SecurityStatus
  readonly up: boolean
}

interface MetricRule {
  readonly name: string
  readonly help: string
  readonly type: LiveMetric['type']
  readonly combine: Combination
  readonly read: (seen: Seen, name: string) => readonly MetricValue[]
}

/**
 * docs/monitoring.md, "Metrics, for Prometheus". Every label comes from a closed list: never a key, a user's name, an address.
 */
export const METRICS: readonly MetricRule[] = [
  {
    name: 'secure_cache_operations_total',
    help: 'What was asked of the cache, and how it ended; many-operations count each key.',
    type: 'counter',
    combine: 'sum',
    read: ({ measured }) =>
      measured.operations.map(({ op, result, count }) => ({ labels: { op, result }, value: count })),
  },
  {
    name: 'secure_cache_operation_duration_seconds',
    help: 'How long an operation took, waiting for the store included.',
    type: 'histogram',
    combine: 'sum',
    read: ({ measured }, name) => histogram(name, measured.durations),
  },
  {
    name: 'secure_cache_crypto_duration_seconds',
    help: 'How long sealing and opening one value took; one in 64 is timed.',
    type: 'histogram',
    combine: 'sum',
    read: ({ measured }, name) => histogram(name, measured.crypto.durations),
  },
  {
    name: 'secure_cache_decrypt_failures_total',
    help: 'Values that did not open, by reason.',
    type: 'counter',
    combine: 'sum',
    read: ({ measured }) => byLabel('reason', measured.openFailures),
  },
  {
    name: 'secure_cache_legacy_reads_total',
    help: 'Values that were read although not sealed (CACHE_READ_MODE), by format: a migration is over when it stands still.',
    type: 'counter',
    combine: 'sum',
    read: ({ measured }) => byLabel('format', measured.legacyReads),
  },
  {
    name: 'secure_cache_auth_attempts_total',
    help: 'Our own logins at Redis.',
    type: 'counter',
    combine: 'sum',
    read: ({ totals: { ownLogins } }) =>
      byLabel('outcome', { success: ownLogins.succeeded, failure: ownLogins.failed }),
  },
  {
    name: 'secure_cache_acl_denied_total',
    help: 'Commands, keys and channels that Redis refused, to us and, where user monitor can see it, to others.',
    type: 'counter',
    combine: 'sum',
    read: ({ totals }) => byLabel('reason', totals.denials),
  },
  {
    name: 'secure_cache_events_total',
    help: 'Security events, by severity.',
    type: 'counter',
    combine: 'sum',
    read: ({ totals }) => byLabel('severity', totals.bySeverity),
  },
  {
    name: 'secure_cache_alerts_total',
    help: 'Alerts that were sent, held back or could not be delivered.',
    type: 'counter',
    combine: 'sum',
    read: ({ totals }) => totals.alerts.map(({ count, ...labels }) => ({ labels, value: count })),
  },
  {
    name: 'secure_cache_up',
    help: '1 while the cache works, 0 while its operations degrade.',
    type: 'gauge',
    combine: 'min',
    read: ({ up }) => [{ labels: {}, value: up ? 1 : 0 }],
  },
  {
    name: 'secure_cache_connections',
    help: 'Connections of the cache to Redis that are open.',
    type: 'gauge',
    combine: 'sum',
    read: ({ status }) => [{ labels: {}, value: status.summary.connections.active_count }],
  },
  {
    name: 'secure_cache_tls_certificate_expiry_timestamp_seconds',
    help: "When the server's certificate on the live socket ends; absent without one.",
    type: 'gauge',
    combine: 'min',
    read: ({ status }) => {
      const end = status.tls.certificate_expires_at
      return end === null ? [] : [{ labels: {}, value: Date.parse(end) / 1000 }]
    },
  },
  {
    name: 'secure_cache_server_auth_failures_24h',
    help: "Failed logins by anyone in the last 24 hours, by the server's count: the same from every instance. Absent where it cannot be read.",
    type: 'gauge',
    combine: 'max',
    read: ({ status }) => {
      const { server } = status.auth_failures
      return server === null ? [] : [{ labels: {}, value: server }]
    },
  },
]

/** The metrics of one or several caches together, to be registered once. */
export function liveMetrics(sources: () => readonly MetricsSource[]): LiveMetric[] {
  return METRICS.map(({ name, help, type, combine, read }) => ({
    name,
    help,
    type,
    aggregator: combine,
    get: () => {
      const values = sources().flatMap((source) => read(see(source), name))
      return Promise.resolve({ name, help, type, aggregator: combine, values: combined(values, combine) })
    },
    reset: () => undefined,
  }))
}

function see({ measurements, monitor, watch }: MetricsSource): Seen {
  return {
    measured: measurements.snapshot(),
    totals: monitor.totals,
    status: watch.status(),
    up: watch.health().status === 'pass',
  }
}

const COMBINE: Readonly<Record<Combination, (one: number, other: number) => number>> = {
  sum: (one, other) => one + other,
  min: Math.min,
  max: Math.max,
}

function combined(values: readonly MetricValue[], combination: Combination): MetricValue[] {
  const series = new Map<string, MetricValue>()
  for (const value of values) {
    const id = JSON.stringify([value.metricName, value.labels])
    const before = series.get(id)
    series.set(
      id,
      before === undefined ? value : { ...value, value: COMBINE[combination](before.value, value.value) },
    )
  }
  return [...series.values()]
}

function byLabel(label: string, counts: Readonly<Record<string, number>>): MetricValue[] {
  return Object.entries(counts).map(([name, value]) => ({ labels: { [label]: name }, value }))
}

function histogram(name: string, durations: readonly DurationSnapshot<string>[]): MetricValue[] {
  return durations.flatMap(({ op, count, sumSeconds, buckets }) => [
    ...buckets.map(({ leSeconds, count: value }) => ({
      metricName: `${name}_bucket`,
      labels: { op, le: leSeconds === Infinity ? '+Inf' : leSeconds },
      value,
    })),
    { metricName: `${name}_sum`, labels: { op }, value: sumSeconds },
    { metricName: `${name}_count`, labels: { op }, value: count },
  ])
}
