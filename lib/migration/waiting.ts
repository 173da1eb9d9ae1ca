import { setTimeout as pause } from 'node:timers/promises'
import { CacheError } from '../errors.js'
import type { Step } from './step.js'

export interface WaiterOptions {
  /** How long to wait altogether. */
  readonly waitMs: number
  /** How long nobody must have been seen: clients come and go. */
  readonly settleMs: number
  readonly pollMs: number
  /** Asks a person; undefined where there is nobody to ask. */
  readonly confirm?: ((question: Confirmation) => Promise<boolean>) | undefined
  /** Ends a run where it can be gone on with: between two changes, two keys, two looks. */
  readonly signal?: AbortSignal | undefined
}

/** What only a person can know. */
export interface Confirmation {
  readonly step: Step
  readonly direction: 'there' | 'back'
  readonly text: string
}

/** Waits for the application to change over: by looking, or where nothing shows it, by asking. */
export class Waiter {
  readonly #options: WaiterOptions

  constructor(options: WaiterOptions) {
    this.#options = options
  }

  get settleMs(): number {
    return this.#options.settleMs
  }

  /** @throws {CacheError} ERR_MIGRATION_WAITING where the run was told to stop */
  throwIfStopped(): void {
    throwIfStopped(this.#options.signal)
  }

  /** @throws {CacheError} ERR_MIGRATION_WAITING where somebody is still there when the time is over */
  async untilNobody(of: {
    readonly who: string
    readonly count: () => Promise<number>
    readonly onCount: (count: number) => void
  }): Promise<void> {
    const { waitMs, settleMs, pollMs, signal } = this.#options
    const started = performance.now()
    let quietSince: number | undefined
    let told: number | undefined
    for (;;) {
      const count = await of.count()
      const at = performance.now()
      if (count !== told) of.onCount(count)
      told = count
      quietSince = count === 0 ? (quietSince ?? at) : undefined
      if (quietSince !== undefined && at - quietSince >= settleMs) return
      if (count > 0 && at - started > waitMs) throw waiting(`${count} ${of.who} are still there`)
      throwIfStopped(signal)
      await pause(pollMs)
    }
  }

  /** @throws {CacheError} ERR_MIGRATION_WAITING where nobody says that it is done */
  async confirmed(question: Confirmation): Promise<void> {
    throwIfStopped(this.#options.signal)
    if ((await this.#options.confirm?.(question)) === true) return
    throw waiting(`${question.text}; then confirm it with --confirm ${question.step.id}`)
  }
}

/** @throws {CacheError} ERR_MIGRATION_WAITING where the signal says so */
export function throwIfStopped(signal: AbortSignal | undefined): void {
  if (signal?.aborted !== true) return
  throw new CacheError('ERR_MIGRATION_WAITING', 'stopped; the same command goes on from here')
}

function waiting(what: string): CacheError {
  return new CacheError(
    'ERR_MIGRATION_WAITING',
    `${what}. Run the same command again afterwards: it goes on from here`,
  )
}
