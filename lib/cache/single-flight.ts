/** One piece of work under way, and whoever waits for it. */
export interface Flight<R> {
  readonly landed: Promise<R>
  /** Milliseconds, on a clock that never goes back. */
  readonly startedAt: number
  /** True once something newer was written or deleted under the same id: its result is not to be kept. */
  overtaken: boolean
}

/** Work that hangs must not take with it everybody who ever asks again: a second load is harmless. */
const MAX_JOINED_MS = 30_000

/**
 * Joins callers that want the same thing at the same time: one of them works, all get the result or the error.
 * Nothing is remembered beyond the landing.
 */
export class SingleFlight<R> {
  readonly #flights = new Map<string, Flight<R>>()
  readonly #now: () => number

  constructor(now: () => number = () => performance.now()) {
    this.#now = now
  }

  /** Flights under way. */
  get size(): number {
    return this.#flights.size
  }

  /** The flight of this id, where one is under way that began in the last half minute. */
  join(id: string): Flight<R> | undefined {
    const flight = this.#flights.get(id)
    if (flight === undefined || this.#now() - flight.startedAt < MAX_JOINED_MS) return flight
    this.overtake(id)
    return undefined
  }

  /** Starts one. The work learns from its flight whether it was overtaken meanwhile. */
  start(id: string, work: (flight: Flight<R>) => Promise<R>): Flight<R> {
    const flight: { landed?: Promise<R>; startedAt: number; overtaken: boolean } = {
      startedAt: this.#now(),
      overtaken: false,
    }
    const started = flight as Flight<R>
    // Known before the work begins: work that asks for its own id must meet itself, not start again.
    this.#flights.set(id, started)
    flight.landed = this.#land(id, started, work)
    return started
  }

  /** Whoever asks from now on starts anew; those who wait already get what is under way. */
  overtake(id: string): void {
    if (this.#flights.size === 0) {
      return
    }
    const flight = this.#flights.get(id)
    if (flight !== undefined) {
      flight.overtaken = true
      this.#flights.delete(id)
    }
  }

  /** The same for every id that begins with the prefix. */
  overtakeAll(prefix: string): void {
    for (const id of this.#flights.keys()) {
      if (id.startsWith(prefix)) {
        this.overtake(id)
      }
    }
  }

  async #land(id: string, flight: Flight<R>, work: (flight: Flight<R>) => Promise<R>): Promise<R> {
    try {
      return await work(flight)
    } finally {
      if (this.#flights.get(id) === flight) {
        this.#flights.delete(id)
      }
    }
  }
}
