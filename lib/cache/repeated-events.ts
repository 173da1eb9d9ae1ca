import type { EventFields, SecurityEvents } from '../events.js'

/** Events that one bad value, or one bad deployment, can cause at every read. */
type Repeatable = 'decrypt.failure' | 'encrypt.failure' | 'clock.skew'

interface Series {
  /** Since the last event of this series. */
  held: number
  emit: (count: number) => void
}

const DEFAULT_INTERVAL_MS = 1000

/**
 * Lets the first of a series out at once and the rest once a second, with their count: nothing is lost, and
 * nobody who plants bad values in Redis can flood the log.
 */
export class RepeatedEvents {
  readonly #events: SecurityEvents
  readonly #intervalMs: number
  readonly #series = new Map<string, Series>()
  readonly #timers = new Map<string, NodeJS.Timeout>()

  constructor(events: SecurityEvents, intervalMs = DEFAULT_INTERVAL_MS) {
    this.#events = events
    this.#intervalMs = intervalMs
  }

  /** `distinction` tells one series of a type from another, such as the reason of a failure. Few of them exist. */
  emit<T extends Repeatable>(type: T, distinction: string, fields: EventFields[T]): void {
    const name = `${type} ${distinction}`
    const emit = (count: number): void => {
      this.#events.emit(type, count === 1 ? fields : { ...fields, count })
    }
    const series = this.#series.get(name)
    if (series !== undefined) {
      series.held += 1
      series.emit = emit
      return
    }
    this.#series.set(name, { held: 0, emit })
    this.#schedule(name)
    emit(1)
  }

  /** What is held goes out now, and no timer stays behind. */
  close(): void {
    for (const name of this.#series.keys()) {
      clearTimeout(this.#timers.get(name))
      this.#release(name)
    }
    this.#series.clear()
    this.#timers.clear()
  }

  #schedule(name: string): void {
    const timer = setTimeout(() => {
      if (this.#release(name)) this.#schedule(name)
      else this.#forget(name)
    }, this.#intervalMs)
    timer.unref()
    this.#timers.set(name, timer)
  }

  #forget(name: string): void {
    this.#series.delete(name)
    this.#timers.delete(name)
  }

  /** True where something was held. */
  #release(name: string): boolean {
    const series = this.#series.get(name)
    if (series === undefined || series.held === 0) return false
    const count = series.held
    series.held = 0
    series.emit(count)
    return true
  }
}
