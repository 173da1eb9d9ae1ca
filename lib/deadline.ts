import { performance } from 'node:perf_hooks'

/** How finely the clock counts; an operation ends at most this much after its deadline. */
const TICK_MS = 25
/** The longest time between two ticks that counts in full, as a part of the timeout. What is longer is a pause. */
const LONGEST_TICK = 0.4
/** Replies may go on draining for this long after the deadline before what is left fails. */
const DRAIN_MS = 25

export interface DeadlineOptions {
  readonly timeoutMs: number
  /** Grows while replies arrive, such as the bytes read from the socket. */
  readonly progress?: (() => number) | undefined
  /** Called at each tick with the clock; true keeps the clock going though nothing is pending. */
  readonly onTick?: ((clock: number) => boolean) | undefined
}

/** Something that must end in time. A link of the list that its {@link Deadline} keeps. */
export abstract class Timed {
  /** On the clock of the deadline, milliseconds. */
  expiresAt = 0
  previous: Timed | undefined = undefined
  next: Timed | undefined = undefined

  /** Called once when the time is over. */
  abstract expire(): void
}

/**
 * One timer for every operation of a connection: they all have the same time, so they expire in the order
 * in which they began, and a list that is cut at its front is enough.
 *
 * The clock is the event loop's own time: a pause counts as two fifths of the timeout, however long it was, so
 * that the loop turns three times at least before anything expires. A pause of the application therefore fails nothing: with a timer for each command,
 * 199 of 200 reads failed whose replies already lay in the socket. When the time is over, the loop gets a
 * chance to read what has arrived (one poll phase, and further ones while bytes keep coming); only what is
 * left then expires.
 */
export class Deadline {
  readonly timeoutMs: number
  readonly #tickMs: number
  readonly #longestMs: number
  readonly #progress: () => number
  readonly #onTick: (clock: number) => boolean
  #first: Timed | undefined
  #last: Timed | undefined
  #clock = 0
  #lastTick = 0
  #timer: NodeJS.Timeout | undefined
  #draining = false

  constructor({ timeoutMs, progress = () => 0, onTick = () => false }: DeadlineOptions) {
    this.timeoutMs = timeoutMs
    this.#tickMs = Math.max(1, Math.min(TICK_MS, Math.ceil(timeoutMs / 10)))
    this.#longestMs = Math.max(2 * this.#tickMs, timeoutMs * LONGEST_TICK)
    this.#progress = progress
    this.#onTick = onTick
  }

  /** Milliseconds that the event loop was free to work while something was pending. */
  get clock(): number {
    return this.#clock
  }

  /** From now on it has `timeoutMs`. */
  add(item: Timed): void {
    this.wake()
    item.expiresAt = this.#clock + this.#sinceTick(performance.now()) + this.timeoutMs
    item.previous = this.#last
    item.next = undefined
    if (this.#last === undefined) this.#first = item
    else this.#last.next = item
    this.#last = item
  }

  /** It has ended by itself. Removing what is not in the list does nothing. */
  remove(item: Timed): void {
    const { previous, next } = item
    if (previous === undefined && next === undefined && this.#first !== item) return
    if (previous === undefined) this.#first = next
    else previous.next = next
    if (next === undefined) this.#last = previous
    else next.previous = previous
    item.previous = undefined
    item.next = undefined
  }

  /** Starts the clock where it stands still for lack of work. */
  wake(): void {
    if (this.#timer !== undefined) return
    this.#lastTick = performance.now()
    this.#timer = setTimeout(() => this.#tick(), this.#tickMs)
    // Whatever is pending holds a socket, and that keeps the process alive if anything should.
    this.#timer.unref()
  }

  /** Stops the clock. What is pending is the caller's to end. */
  stop(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
  }

  #tick(): void {
    const now = performance.now()
    this.#clock += this.#sinceTick(now)
    this.#lastTick = now
    if (this.#isOver(this.#first) && !this.#draining) {
      this.#draining = true
      this.#drain(this.#progress(), now + DRAIN_MS)
    }
    const more = this.#onTick(this.#clock) || this.#first !== undefined
    if (more) this.#timer?.refresh()
    else this.stop()
  }

  #sinceTick(now: number): number {
    return Math.min(now - this.#lastTick, this.#longestMs)
  }

  #drain(seen: number, until: number): void {
    setImmediate(() => {
      const progress = this.#progress()
      if (progress !== seen && performance.now() < until) {
        this.#drain(progress, until)
        return
      }
      this.#draining = false
      this.#expireOverdue()
    })
  }

  #expireOverdue(): void {
    for (let item = this.#first; item !== undefined && this.#isOver(item); item = this.#first) {
      this.remove(item)
      item.expire()
    }
  }

  #isOver(item: Timed | undefined): boolean {
    return item !== undefined && item.expiresAt <= this.#clock
  }
}
