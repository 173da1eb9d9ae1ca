import type { SecurityEvent } from '../events.js'
import type { AlertRule } from './alert-rules.js'
import { countOf } from './security-monitor.js'

/** Runs something later; returns the call that prevents it. */
export type Schedule = (ms: number, run: () => void) => () => void

const GATHER_MS = 1000
/** Different messages side by side; more of them say no more. */
const MOST_DETAILS = 5

export interface AlertStreamHooks {
  readonly read: (event: SecurityEvent) => string | undefined
  /** One message goes out. */
  readonly tell: (told: { message: string; count: number; since: number }) => void
  /** So many were held back and turned out to be no reason for a message. */
  readonly drop: (count: number) => void
  /** Unix milliseconds. */
  readonly now: () => number
  readonly after: Schedule
}

/**
 * The alerts of one kind: idle, gathering before a message, cooling down after it. What happens while it cools
 * down is held and becomes the next message, if it still is a reason for one.
 */
export class AlertStream {
  readonly #rule: AlertRule
  readonly #hooks: AlertStreamHooks
  #state: 'idle' | 'gathering' | 'cooling' | 'closed' = 'idle'
  #stopTimer: () => void = () => undefined
  #count = 0
  #since = 0
  #latest: SecurityEvent | undefined
  #details: string[] = []

  constructor(rule: AlertRule, hooks: AlertStreamHooks) {
    this.#rule = rule
    this.#hooks = hooks
  }

  hear(event: SecurityEvent): void {
    if (this.#state === 'closed') return
    // Held ones are read when the cooldown ends: a storm costs a few additions for each event.
    const detail = this.#state === 'cooling' && this.#rule.collects !== true ? '' : this.#hooks.read(event)
    if (detail === undefined) return
    if (this.#count === 0) this.#since = this.#hooks.now()
    this.#count += countOf(event)
    this.#latest = event
    this.#note(detail)
    if (this.#state !== 'idle') return
    this.#state = 'gathering'
    this.#stopTimer = this.#hooks.after(this.#rule.gatherMs ?? GATHER_MS, () => {
      this.#tell()
    })
  }

  /** It is over before anybody had to be told. */
  callOff(): void {
    if (this.#state === 'gathering') this.#stopTimer()
    if (this.#state === 'gathering' || this.#state === 'cooling') this.#forget()
    if (this.#state === 'gathering') this.#state = 'idle'
  }

  /** Tells what is gathered or held, and nothing any more afterwards. */
  close(): void {
    this.#stopTimer()
    // What has not lasted yet as long as it must is not told because the application ends.
    const isPremature = this.#state === 'gathering' && this.#rule.calledOffBy !== undefined
    if (this.#count > 0 && !isPremature) this.#tell()
    this.#stopTimer()
    this.#state = 'closed'
  }

  #note(detail: string): void {
    if (this.#rule.collects !== true) this.#details = [detail]
    else if (!this.#details.includes(detail) && this.#details.length < MOST_DETAILS)
      this.#details.push(detail)
  }

  #tell(): void {
    const latest = this.#latest
    const message =
      this.#rule.collects === true ? this.#details.join('; ') : latest && this.#hooks.read(latest)
    const count = this.#count
    const since = this.#since
    this.#forget()
    if (message === undefined) {
      this.#state = 'idle'
      if (count > 0) this.#hooks.drop(count)
      return
    }
    this.#state = 'cooling'
    this.#stopTimer = this.#hooks.after(this.#rule.cooldownMs, () => {
      if (this.#count > 0) this.#tell()
      else this.#state = 'idle'
    })
    this.#hooks.tell({ message, count, since })
  }

  #forget(): void {
    this.#count = 0
    this.#latest = undefined
    this.#details = []
  }
}
