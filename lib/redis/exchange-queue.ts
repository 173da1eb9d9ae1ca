import type { Redis } from 'ioredis'
import { CompareAndSet, type Change, type GroupOf } from './compare-and-set.js'

/** Keys of one transaction. */
const JOINED_KEYS = 32

interface Waiting {
  readonly key: Buffer
  readonly change: Change
  readonly resolve: (changed: boolean) => void
  readonly reject: (error: unknown) => void
}

/**
 * Exchanges of single values that are asked for one by one: what comes while a transaction is under way travels
 * together in the next one.
 */
export class ExchangeQueue {
  readonly #exchanges: CompareAndSet
  readonly #waiting = new Map<string, Waiting>()
  #running = false

  constructor(client: Redis, groupOf?: GroupOf) {
    this.#exchanges = new CompareAndSet(client, groupOf)
  }

  /** True where new bytes were written; false as well for a key that waits already. */
  exchange(key: Buffer, change: Change): Promise<boolean> {
    const name = key.toString('latin1')
    if (this.#waiting.has(name)) return Promise.resolve(false)
    return new Promise((resolve, reject) => {
      this.#waiting.set(name, { key, change, resolve, reject })
      if (!this.#running) void this.#run()
    })
  }

  /** Other work with transactions on this connection, in its turn. */
  alone<R>(work: () => Promise<R>): Promise<R> {
    return this.#exchanges.alone(work)
  }

  async #run(): Promise<void> {
    this.#running = true
    // Whatever is asked for in this tick goes with it.
    await Promise.resolve()
    while (this.#waiting.size > 0) {
      const batch = new Map([...this.#waiting].slice(0, JOINED_KEYS))
      for (const name of batch.keys()) this.#waiting.delete(name)
      await this.#exchange(batch)
    }
    this.#running = false
  }

  async #exchange(batch: ReadonlyMap<string, Waiting>): Promise<void> {
    try {
      const keys = [...batch.values()].map(({ key }) => key)
      const results = await this.#exchanges.exchange(keys, (held) =>
        batch.get(held.key.toString('latin1'))?.change(held),
      )
      for (const { key, outcome } of results) {
        batch.get(key.toString('latin1'))?.resolve(outcome === 'changed')
      }
    } catch (error) {
      for (const { reject } of batch.values()) reject(error)
    }
  }
}
