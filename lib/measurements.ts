import { OPEN_FAILURES, type OpenFailure } from './errors.js'

/** What callers ask of a cache. */
export const OPERATIONS = [
  'get',
  'set',
  'get_or_set',
  'has',
  'delete',
  'ttl',
  'touch',
  'get_many',
  'set_many',
  'delete_many',
  'clear',
] as const
export type Operation = (typeof OPERATIONS)[number]

/** How it ended. Many-operations count each key. */
export const RESULTS = ['hit', 'miss', 'stale', 'ok', 'timeout', 'error'] as const
export type Result = (typeof RESULTS)[number]

export const CRYPTO_OPERATIONS = ['seal', 'open'] as const
export type CryptoOperation = (typeof CRYPTO_OPERATIONS)[number]

/** Values that were read although not sealed by us: migration modes, each read counted. */
export const LEGACY_FORMATS = ['fernet', 'plaintext'] as const
export type LegacyFormat = (typeof LEGACY_FORMATS)[number]

/** Upper bounds in milliseconds; above the last one lies infinity. */
const OPERATION_BUCKETS_MS = [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 25, 50, 100, 250, 500, 1000, 2500]
const CRYPTO_BUCKETS_MS = [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5, 25]

/** A histogram as Prometheus understands it: counts are cumulative, the last bound is infinity. */
export interface DurationSnapshot<N extends string> {
  readonly op: N
  readonly count: number
  readonly sumSeconds: number
  readonly buckets: readonly { readonly leSeconds: number; readonly count: number }[]
}

export interface MeasurementsSnapshot {
  /** Only what happened at least once. */
  readonly operations: readonly { readonly op: Operation; readonly result: Result; readonly count: number }[]
  readonly durations: readonly DurationSnapshot<Operation>[]
  /** Every value is counted in `values`; durations come from a sample. */
  readonly crypto: {
    readonly values: Readonly<Record<CryptoOperation, number>>
    readonly durations: readonly DurationSnapshot<CryptoOperation>[]
  }
  readonly openFailures: Readonly<Record<OpenFailure, number>>
  readonly sealFailures: number
  readonly legacyReads: Readonly<Record<LegacyFormat, number>>
}

/**
 * Counters that the cache writes and the monitor reads. Plain numbers in flat arrays: counting costs
 * nanoseconds and allocates nothing.
 */
export class Measurements {
  readonly #operations = new Float64Array(OPERATIONS.length * RESULTS.length)
  readonly #durations = new Durations(OPERATIONS, OPERATION_BUCKETS_MS)
  readonly #crypto = new Float64Array(CRYPTO_OPERATIONS.length)
  readonly #cryptoDurations = new Durations(CRYPTO_OPERATIONS, CRYPTO_BUCKETS_MS)
  readonly #openFailures = new Float64Array(OPEN_FAILURES.length)
  readonly #legacyReads = new Float64Array(LEGACY_FORMATS.length)
  #sealFailures = 0

  count(op: Operation, result: Result, by = 1): void {
    add(this.#operations, OPERATION_INDEX[op] * RESULTS.length + RESULT_INDEX[result], by)
  }

  /** One operation took this long, waiting for the store included. */
  time(op: Operation, ms: number): void {
    this.#durations.add(OPERATION_INDEX[op], ms)
  }

  /** One value was sealed or opened. True for one in 64: time that one. */
  countCrypto(op: CryptoOperation): boolean {
    const index = CRYPTO_INDEX[op]
    add(this.#crypto, index, 1)
    return ((this.#crypto[index] ?? 0) & 63) === 1
  }

  /** Values sealed and opened so far. */
  get cryptoOperations(): number {
    return this.#crypto.reduce((sum, count) => sum + count, 0)
  }

  timeCrypto(op: CryptoOperation, ms: number): void {
    this.#cryptoDurations.add(CRYPTO_INDEX[op], ms)
  }

  countOpenFailure(reason: OpenFailure): void {
    add(this.#openFailures, OPEN_FAILURE_INDEX[reason], 1)
  }

  countSealFailure(): void {
    this.#sealFailures += 1
  }

  countLegacyRead(format: LegacyFormat): void {
    add(this.#legacyReads, LEGACY_INDEX[format], 1)
  }

  snapshot(): MeasurementsSnapshot {
    return {
      operations: OPERATIONS.flatMap((op, row) =>
        RESULTS.map((result, column) => ({
          op,
          result,
          count: this.#operations[row * RESULTS.length + column] ?? 0,
        })),
      ).filter(({ count }) => count > 0),
      durations: this.#durations.snapshot(),
      crypto: {
        values: record(CRYPTO_OPERATIONS, this.#crypto),
        durations: this.#cryptoDurations.snapshot(),
      },
      openFailures: record(OPEN_FAILURES, this.#openFailures),
      sealFailures: this.#sealFailures,
      legacyReads: record(LEGACY_FORMATS, this.#legacyReads),
    }
  }
}

/** One histogram for each name, all in two flat arrays. */
class Durations<N extends string> {
  readonly #names: readonly N[]
  readonly #bounds: readonly number[]
  readonly #counts: Float64Array
  readonly #sumsMs: Float64Array

  constructor(names: readonly N[], boundsMs: readonly number[]) {
    this.#names = names
    this.#bounds = boundsMs
    this.#counts = new Float64Array(names.length * (boundsMs.length + 1))
    this.#sumsMs = new Float64Array(names.length)
  }

  add(name: number, ms: number): void {
    const bounds = this.#bounds
    let bucket = 0
    while (bucket < bounds.length && ms > (bounds[bucket] ?? 0)) {
      bucket += 1
    }
    add(this.#counts, name * (bounds.length + 1) + bucket, 1)
    add(this.#sumsMs, name, ms)
  }

  snapshot(): DurationSnapshot<N>[] {
    const width = this.#bounds.length + 1
    return this.#names
      .map((op, row) => {
        let count = 0
        const buckets = [...this.#bounds, Infinity].map((boundMs, column) => {
          count += this.#counts[row * width + column] ?? 0
          return { leSeconds: boundMs / 1000, count }
        })
        return { op, count, sumSeconds: (this.#sumsMs[row] ?? 0) / 1000, buckets }
      })
      .filter(({ count }) => count > 0)
  }
}

const OPERATION_INDEX = indexOf(OPERATIONS)
const RESULT_INDEX = indexOf(RESULTS)
const CRYPTO_INDEX = indexOf(CRYPTO_OPERATIONS)
const OPEN_FAILURE_INDEX = indexOf(OPEN_FAILURES)
const LEGACY_INDEX = indexOf(LEGACY_FORMATS)

function add(counters: Float64Array, index: number, by: number): void {
  counters[index] = (counters[index] ?? 0) + by
}

function indexOf<N extends string>(names: readonly N[]): Readonly<Record<N, number>> {
  return Object.fromEntries(names.map((name, index) => [name, index])) as Record<N, number>
}

function record<N extends string>(names: readonly N[], counters: Float64Array): Record<N, number> {
  return Object.fromEntries(names.map((name, index) => [name, counters[index] ?? 0])) as Record<N, number>
}
