import type { EventType, SecurityEvent, SecurityEvents } from '../events.js'
import { makeAlert } from './alert.js'
import type { AlertClaims } from './alert-claims.js'
import type { AlertDelivery } from './alert-delivery.js'
import { ALERT_RULES } from './alert-rules.js'
import type { AlertContext, AlertRule, AlertThresholds, Cli } from './alert-rules.js'
import { AlertStream } from './alert-stream.js'
import type { Schedule } from './alert-stream.js'
import type { EventMonitor } from './security-monitor.js'

/** What is under way when the cache closes gets this long to arrive. */
const FLUSH_MS = 2000

export interface AlertsOptions {
  readonly events: SecurityEvents
  readonly monitor: Pick<EventMonitor, 'count' | 'onAny' | 'recentEvents'>
  readonly thresholds: AlertThresholds
  readonly delivery: AlertDelivery
  readonly claims: AlertClaims
  readonly keyPrefix: string
  /** Writes the commands of the remedies, for this server. */
  readonly cli: Cli
  /** Hides secrets in what is told: mail and webhook leave this machine. */
  readonly hide: (text: string) => string
  /** Unix milliseconds. */
  readonly now: () => number
  readonly after?: Schedule | undefined
}

/**
 * Turns events into alerts: immediate ones, and those whose threshold is reached. Of each kind one message goes
 * out, and what follows within its cooldown becomes one more message with a count. Listening costs next to
 * nothing, and memory is fixed however much happens.
 */
export class Alerts {
  readonly #options: AlertsOptions
  readonly #context: AlertContext
  readonly #streams: readonly AlertStream[]
  readonly #byEvent = new Map<EventType, AlertStream[]>()
  readonly #calledOff = new Map<EventType, AlertStream[]>()
  readonly #stopListening: () => void
  readonly #telling = new Set<Promise<void>>()

  constructor(options: AlertsOptions) {
    this.#options = options
    const { monitor, thresholds, now, after = realTime } = options
    this.#context = { monitor, thresholds }
    this.#streams = ALERT_RULES.map((rule) => {
      const stream = new AlertStream(rule, {
        read: (event) => rule.read(event, this.#context),
        tell: (told) => {
          this.#track(this.#tell(rule, told))
        },
        drop: (count) => {
          options.events.emit('alert.suppressed', { kind: rule.kind, count })
        },
        now,
        after,
      })
      for (const type of rule.on) append(this.#byEvent, type, stream)
      if (rule.calledOffBy !== undefined) append(this.#calledOff, rule.calledOffBy, stream)
      return stream
    })
    this.#stopListening = monitor.onAny((event) => {
      this.#hear(event)
    })
    // What was said while the parts were put together.
    for (const event of monitor.recentEvents().toReversed()) this.#hear(event)
  }

  /** Tells at once what is gathered or held back, and waits for it, within the bound. Never rejects. */
  async close({ timeoutMs = FLUSH_MS }: { timeoutMs?: number | undefined } = {}): Promise<void> {
    const { delivery } = this.#options
    this.#stopListening()
    for (const stream of this.#streams) stream.close()
    let timer: NodeJS.Timeout | undefined
    const bound = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, Math.min(timeoutMs, FLUSH_MS))
    })
    await Promise.race([this.#told(), bound])
    clearTimeout(timer)
    delivery.cutShort()
  }

  #hear(event: SecurityEvent): void {
    for (const stream of this.#byEvent.get(event.type) ?? []) stream.hear(event)
    for (const stream of this.#calledOff.get(event.type) ?? []) stream.callOff()
  }

  async #tell(rule: AlertRule, told: { message: string; count: number; since: number }): Promise<void> {
    const { events, claims, delivery, keyPrefix, cli, hide, now } = this.#options
    const { kind, severity, title, cooldownMs } = rule
    if (!(await claims.claim(kind, cooldownMs))) {
      events.emit('alert.suppressed', { kind, count: told.count })
      return
    }
    const remedy = rule.remedy(cli)
    delivery.deliver(makeAlert({ kind, severity, title, remedy, keyPrefix, ...told, hide, now: now() }))
  }

  #track(telling: Promise<void>): void {
    this.#telling.add(telling)
    void telling.finally(() => this.#telling.delete(telling))
  }

  async #told(): Promise<void> {
    await Promise.all(this.#telling)
    await this.#options.delivery.settled()
  }
}

/** Timers that do not keep the process alive. */
function realTime(ms: number, run: () => void): () => void {
  const timer = setTimeout(run, ms)
  timer.unref()
  return () => {
    clearTimeout(timer)
  }
}

function append<K, V>(map: Map<K, V[]>, key: K, value: V): void {
  map.set(key, [...(map.get(key) ?? []), value])
}
