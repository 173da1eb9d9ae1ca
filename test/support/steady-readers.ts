import { performance } from 'node:perf_hooks'
import { setImmediate as turn } from 'node:timers/promises'
import type { Store } from '../../lib/store.js'
import { until } from './until.js'

const LOOK_MS = 5

export interface ReadersSaw {
  /**
   * 90th percentile of the reads that had to wait (over 5 ms), without the time in which the event loop itself
   * stood still while each of them waited.
   */
  readonly p90Ms: number
  /** Values of another key, and values that nobody ever wrote. */
  readonly wrong: number
  readonly failed: number
}

/** Readers without a pause, one for each key, whose value is the key itself or absent. */
export class SteadyReaders {
  readonly #store: Store
  readonly #loop = new LoopDelay()
  readonly #waits: number[] = []
  readonly #all: Promise<unknown>
  #running = true
  #rounds = 0
  #wrong = 0
  #failed = 0

  constructor(store: Store, keys: readonly string[]) {
    this.#store = store
    this.#all = Promise.all(keys.map((key, index) => this.#read(key, index === 0)))
  }

  /** Waits until the first reader has read so often, in whatever way it ended. */
  async rounds(count: number): Promise<void> {
    const goal = this.#rounds + count
    await until(`${count} rounds`, () => this.#rounds >= goal)
  }

  async failure(): Promise<void> {
    await until('a failed read', () => this.#failed > 0)
  }

  async stop(): Promise<ReadersSaw> {
    this.#running = false
    await this.#all
    this.#loop.stop()
    this.#waits.sort((a, b) => a - b)
    return {
      p90Ms: this.#waits[Math.floor(this.#waits.length * 0.9)] ?? 0,
      wrong: this.#wrong,
      failed: this.#failed,
    }
  }

  async #read(key: string, counts: boolean): Promise<void> {
    while (this.#running) {
      const began = performance.now()
      const lost = this.#loop.lostMs()
      try {
        const value = await this.#store.get(key)
        if (value !== undefined && value.toString() !== key) this.#wrong += 1
      } catch {
        this.#failed += 1
      }
      const waited = performance.now() - began - (this.#loop.lostMs() - lost)
      if (waited > 5) this.#waits.push(waited)
      if (counts) this.#rounds += 1
      // An outage is answered at once: without a turn it would starve the loop that is being measured.
      await turn()
    }
  }
}

/** Adds up how long the event loop could not turn. */
class LoopDelay {
  readonly #timer = setInterval(() => this.#tick(), LOOK_MS)
  #last = performance.now()
  #lost = 0

  lostMs(): number {
    return this.#lost + this.#late()
  }

  stop(): void {
    clearInterval(this.#timer)
  }

  #tick(): void {
    this.#lost += this.#late()
    this.#last = performance.now()
  }

  #late(): number {
    const late = performance.now() - this.#last - LOOK_MS
    return late > LOOK_MS ? late : 0
  }
}
