import { isCacheError } from '../errors.js'
import type { Observations, Observed } from './observations.js'

/** One look bounded in time: a name server or a frozen Redis must not hold up the others. */
const LOOK_TIMEOUT_MS = 5_000
/** Instances that started together must not look together. */
const JITTER = 0.2
/** After an event that changes the picture; many of them make one look. */
const SOON_MS = 250
/** Between two rounds that events ask for: a connection that flaps must not make us probe without pause. */
const GAP_MS = 2000

type Look<T> = () => Promise<T>
/** What looks at what. Each look is independent: one that fails says so and disturbs no other. */
export type Looks = {
  readonly [K in keyof Observations]?: Look<
    NonNullable<Observations[K]> extends Observed<infer T> ? T : never
  >
}

export interface ObserverOptions {
  readonly looks: Looks
  readonly intervalMs: number
  /** Bounds one look; 5 s where absent. */
  readonly lookTimeoutMs?: number | undefined
  /** Called after each round. */
  readonly onRound?: (() => void) | undefined
  /** Unix milliseconds. */
  readonly now?: (() => number) | undefined
  /** Between 0 and 1. */
  readonly random?: (() => number) | undefined
}

/**
 * Looks in the background, round after round, and keeps what each look saw last. No request ever waits for
 * a look. Its timers do not keep the process alive.
 */
export class Observer {
  readonly #looks: Looks
  readonly #intervalMs: number
  readonly #lookTimeoutMs: number
  readonly #gapMs: number
  readonly #onRound: () => void
  readonly #now: () => number
  readonly #random: () => number
  readonly #observations: Observations = {}
  readonly #firstDone: Promise<void>
  #markFirstDone: () => void = () => undefined
  #timer: NodeJS.Timeout | undefined
  #round: Promise<void> | undefined
  #running = false
  #roundEndedAt = Number.NEGATIVE_INFINITY

  constructor(options: ObserverOptions) {
    this.#looks = options.looks
    this.#intervalMs = options.intervalMs
    this.#lookTimeoutMs = options.lookTimeoutMs ?? LOOK_TIMEOUT_MS
    this.#gapMs = Math.min(GAP_MS, options.intervalMs)
    this.#onRound = options.onRound ?? (() => undefined)
    this.#now = options.now ?? Date.now
    this.#random = options.random ?? Math.random
    this.#firstDone = new Promise((resolve) => {
      this.#markFirstDone = resolve
    })
  }

  /** Resolves when everything was looked at once. */
  get firstRound(): Promise<void> {
    return this.#firstDone
  }

  /** What was seen last, by each look. */
  get observations(): Readonly<Observations> {
    return this.#observations
  }

  start(): void {
    if (this.#running) return
    this.#running = true
    this.#schedule(0)
  }

  stop(): void {
    this.#running = false
    clearTimeout(this.#timer)
  }

  /** A round that begins now, or after the one under way: it sees what has happened so far. Never rejects. */
  async look(): Promise<void> {
    await this.#round
    this.#round ??= this.#lookAll().finally(() => {
      this.#round = undefined
      this.#roundEndedAt = performance.now()
      if (this.#running) this.#schedule(this.#intervalMs * (1 + JITTER * (this.#random() - 0.5)))
    })
    await this.#round
  }

  /** The next round comes soon instead of in its turn. */
  lookSoon(): void {
    if (!this.#running || this.#round !== undefined) return
    this.#schedule(Math.max(SOON_MS, this.#roundEndedAt + this.#gapMs - performance.now()))
  }

  async #lookAll(): Promise<void> {
    const looks = Object.entries(this.#looks) as [keyof Observations, Look<never>][]
    await Promise.all(
      looks.map(async ([kind, look]) => {
        this.#observations[kind] = await this.#lookOnce(look)
      }),
    )
    this.#onRound()
    this.#markFirstDone()
  }

  async #lookOnce(look: Look<never>): Promise<Observed<never>> {
    try {
      const seen = await within(this.#lookTimeoutMs, look)
      return { at: this.#now(), seen }
    } catch (error) {
      return { at: this.#now(), ...whyNot(error) }
    }
  }

  #schedule(ms: number): void {
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => void this.look(), ms)
    this.#timer.unref()
  }
}

/** Thrown by a look that has no way to see: what it takes is the remedy. */
export class CannotSee extends Error {
  readonly remedy: string | undefined

  constructor(message: string, remedy?: string) {
    super(message)
    this.remedy = remedy
  }
}

/** Our own errors are scrubbed, and their messages name the remedy; of a foreign one nothing is told. */
function whyNot(error: unknown): { problem: string; remedy?: string } {
  if (error instanceof CannotSee) {
    const { message: problem, remedy } = error
    return remedy === undefined ? { problem } : { problem, remedy }
  }
  if (isCacheError(error)) return { problem: `could not be seen (${error.code})`, remedy: error.message }
  return { problem: 'could not be seen' }
}

/** Rejects when the look takes too long; the look itself ends by its own bounds. */
async function within<T>(ms: number, look: Look<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => {
      reject(new CannotSee('took too long'))
    }, ms)
    timer.unref()
  })
  try {
    return await Promise.race([look(), late])
  } finally {
    clearTimeout(timer)
  }
}
