import { OPEN_FAILURES } from '../errors.js'
import type { OpenFailure } from '../errors.js'
import type { EventType, SecurityEvent, Severity } from '../events.js'

/** Why Redis refused, as ACL LOG names it; whatever else it may say one day is `other`. */
export const DENIAL_REASONS = ['auth', 'command', 'key', 'channel', 'other'] as const
export type DenialReason = (typeof DENIAL_REASONS)[number]

/** Alerts of one kind over one channel with one outcome. */
export interface AlertTotal {
  readonly type: string
  /** `none` where an alert was held back before any channel. */
  readonly channel: string
  readonly outcome: 'sent' | 'suppressed' | 'failed'
  readonly count: number
}

/** Kinds and channels are few; this bounds them all the same. */
const MOST_ALERT_SERIES = 200

/**
 * Totals since the start, for the summary and for metrics. Every label comes from a closed list, so that
 * nobody outside can make the memory grow.
 */
export class EventTotals {
  readonly bySeverity: Record<Severity, number> = { info: 0, warning: 0, critical: 0 }
  readonly ownLogins = { succeeded: 0, failed: 0 }
  readonly decryptFailures = zeros(OPEN_FAILURES)
  /** By anyone; `ownDenials` are those among them that this process met itself. */
  readonly denials = zeros(DENIAL_REASONS)
  ownDenials = 0
  /** Logins of our own that the server refused for user or password: those that it counts as well. */
  ownWrongPasswords = 0
  encryptFailures = 0
  readonly #alerts = new Map<string, AlertTotal>()

  /** Values that could not be sealed or opened. */
  get cryptoErrors(): number {
    return Object.values(this.decryptFailures).reduce((sum, count) => sum + count, this.encryptFailures)
  }

  get alerts(): readonly AlertTotal[] {
    return [...this.#alerts.values()]
  }

  addAlerts(alert: Omit<AlertTotal, 'count'>, count: number): void {
    const id = JSON.stringify(alert)
    const before = this.#alerts.get(id)?.count ?? 0
    if (before > 0 || this.#alerts.size < MOST_ALERT_SERIES) {
      this.#alerts.set(id, { ...alert, count: before + count })
    }
  }

  add(event: SecurityEvent): void {
    this.bySeverity[event.severity] += 1
    const adders: Partial<Record<EventType, (totals: EventTotals, event: never) => void>> = ADDERS
    adders[event.type]?.(this, event as never)
  }
}

/** What each type of event adds to, beside its severity. */
const ADDERS: { [T in EventType]?: (totals: EventTotals, event: SecurityEvent<T>) => void } = {
  'auth.success': ({ ownLogins }) => {
    ownLogins.succeeded += 1
  },
  'auth.failure': (totals, event) => {
    if (event.source === 'own') totals.ownLogins.failed += event.count ?? 1
    if (isOwnWrongPassword(event)) totals.ownWrongPasswords += event.count ?? 1
  },
  'decrypt.failure': ({ decryptFailures }, { reason, count }) => {
    decryptFailures[reason] += count ?? 1
  },
  'encrypt.failure': (totals) => {
    totals.encryptFailures += 1
  },
  'alert.sent': (totals, { kind, channel }) => {
    totals.addAlerts({ type: kind, channel, outcome: 'sent' }, 1)
  },
  'alert.suppressed': (totals, { kind, count }) => {
    totals.addAlerts({ type: kind, channel: 'none', outcome: 'suppressed' }, count)
  },
  'alert.failed': (totals, { kind, channel }) => {
    totals.addAlerts({ type: kind, channel, outcome: 'failed' }, 1)
  },
  'acl.denied': (totals, { reason, count, source }) => {
    totals.denials[denialReason(reason)] += count ?? 1
    if (source === 'own') totals.ownDenials += count ?? 1
  },
}

/** A login without a password moves another counter of the server (NOAUTH), which is not read. */
export function isOwnWrongPassword(event: SecurityEvent): boolean {
  return event.type === 'auth.failure' && event.source === 'own' && event.errorCode === 'ERR_REDIS_WRONGPASS'
}

function denialReason(reason: string): DenialReason {
  return DENIAL_REASONS.find((known) => known === reason) ?? 'other'
}

function zeros<K extends OpenFailure | DenialReason>(labels: readonly K[]): Record<K, number> {
  return Object.fromEntries(labels.map((label) => [label, 0])) as Record<K, number>
}
