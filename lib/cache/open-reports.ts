import type { OpenFailure } from '../errors.js'
import type { Measurements, Operation } from '../measurements.js'
import type { RepeatedEvents } from './repeated-events.js'

/**
 * One tampered value is a tampered value. So many in a row, without one that opens between them, and under
 * different keys at that, mean that the replies are out of step: each caller gets another one's value.
 */
export const TAG_FAILURES_IN_A_ROW = 8

/** Somebody who tampers with everything must not make us doubt at every read. */
const DOUBT_PAUSE_MS = 1000

export interface OpenReportsOptions {
  readonly measurements: Measurements
  readonly repeated: RepeatedEvents
  /** Called when the connection itself is in doubt. */
  readonly onDoubt: () => void
  /** Milliseconds. */
  readonly now: () => number
}

export interface OpenRefusal {
  readonly reason: OpenFailure
  readonly operation: Operation
  /** Only to tell one value from another; it goes nowhere. */
  readonly key: string
}

/** What becomes of values that do not open: counted, reported, and a doubt about the connection where they pile up. */
export class OpenReports {
  readonly #options: OpenReportsOptions
  #tagFailures = 0
  #lastKey: string | undefined
  #quietUntil = Number.NEGATIVE_INFINITY

  constructor(options: OpenReportsOptions) {
    this.#options = options
  }

  opened(skewSeconds: number): void {
    if (this.#tagFailures !== 0) this.#tagFailures = 0
    if (skewSeconds > 0) this.#options.repeated.emit('clock.skew', '', { seconds: skewSeconds })
  }

  failed({ reason, operation, key }: OpenRefusal): void {
    const { measurements, repeated } = this.#options
    measurements.countOpenFailure(reason)
    repeated.emit('decrypt.failure', reason, { reason, operation })
    if (reason === 'tag') this.#doubt(key)
  }

  #doubt(key: string): void {
    // A popular key with one tampered value proves nothing about the connection.
    if (key === this.#lastKey) return
    this.#lastKey = key
    this.#tagFailures += 1
    const now = this.#options.now()
    if (this.#tagFailures < TAG_FAILURES_IN_A_ROW || now < this.#quietUntil) return
    this.#tagFailures = 0
    this.#quietUntil = now + DOUBT_PAUSE_MS
    this.#options.onDoubt()
  }
}
