import { CacheError, OpenError, type CacheErrorCode } from '../errors.js'
import type { Measurements, Operation, Result } from '../measurements.js'
import type { OpenReports } from './open-reports.js'
import type { Outages } from './outages.js'
import type { RepeatedEvents } from './repeated-events.js'

/** What the caller did wrong, whatever Redis does: it always throws, so that it is found before production. */
const ALWAYS_THROWN: ReadonlySet<CacheErrorCode> = new Set<CacheErrorCode>([
  'ERR_CACHE_KEY',
  'ERR_CACHE_VALUE',
  'ERR_CACHE_TTL',
  'ERR_CACHE_NAMESPACE',
  'ERR_CACHE_TOO_LARGE',
  'ERR_CACHE_MISUSE',
  'ERR_CONFIG_INVALID',
  'ERR_CONFIG_OPTION',
])

/** A value that we could not make ready to be stored. */
const SEAL_FAILURES: ReadonlySet<CacheErrorCode> = new Set<CacheErrorCode>([
  'ERR_CACHE_SEAL',
  'ERR_CACHE_TOO_LARGE',
])

export interface OutcomesOptions {
  readonly onFailure: 'degrade' | 'throw'
  readonly measurements: Measurements
  readonly reports: OpenReports
  readonly outages: Outages
  readonly repeated: RepeatedEvents
}

export interface FailedOperation {
  readonly op: Operation
  /** For what concerns one value; it goes into no message and no event. */
  readonly key?: string | undefined
}

/**
 * What becomes of operations: counted, reported, and where they fail degraded or thrown. A cache must never be
 * the reason that a request fails, unless its owner wants to know.
 */
export class Outcomes {
  readonly #options: OutcomesOptions
  readonly #measurements: Measurements
  readonly #outages: Outages

  constructor(options: OutcomesOptions) {
    this.#options = options
    this.#measurements = options.measurements
    this.#outages = options.outages
  }

  /** The store did what it was asked for. */
  succeeded(op: Operation, result: Result, values = 1): void {
    this.#measurements.count(op, result, values)
    this.#outages.succeeded(op)
  }

  /** Somebody got the outcome of another one's operation. */
  counted(op: Operation, result: Result): void {
    this.#measurements.count(op, result)
  }

  /** Counts and reports; then returns what a degraded operation yields, or throws. */
  failed<F>(operation: FailedOperation, thrown: unknown, degraded: F): F {
    const error = ours(thrown)
    if (ALWAYS_THROWN.has(error.code)) throw error
    this.note(operation, error)
    if (this.#options.onFailure === 'throw') throw error
    return degraded
  }

  /** Counts and reports alone: for work that nobody waits for. */
  note({ op, key = '' }: FailedOperation, thrown: unknown): void {
    const { reports, repeated } = this.#options
    const error = ours(thrown)
    if (error instanceof OpenError) {
      this.succeeded(op, 'miss')
      reports.failed({ reason: error.reason, operation: op, key })
      return
    }
    this.#measurements.count(op, error.code === 'ERR_CACHE_TIMEOUT' ? 'timeout' : 'error')
    this.#outages.failed(op, error)
    if (SEAL_FAILURES.has(error.code)) {
      this.#measurements.countSealFailure()
      repeated.emit('encrypt.failure', error.code, { errorCode: error.code, operation: op })
    }
  }

  /** The duration of one operation, from `performance.now()` on. */
  took(op: Operation, started: number): void {
    this.#measurements.time(op, performance.now() - started)
  }
}

/** Below the cache everything throws ours; whatever does not is a mistake, and may hold a value in its message. */
function ours(thrown: unknown): CacheError {
  return thrown instanceof CacheError
    ? thrown
    : new CacheError(
        'ERR_CACHE_UNAVAILABLE',
        'the cache failed in a way that it does not know: please report it',
      )
}
