const MINUTE = 60_000
/** 24 hours of whole minutes and the one that has begun. */
const SLOTS = 24 * 60 + 1

export const HOUR_MS = 60 * MINUTE
export const DAY_MS = 24 * HOUR_MS

/** What happened in one minute: its beginning in unix milliseconds, and how often. */
export type MinuteCount = readonly [minute: number, count: number]

/**
 * Counts over a window that slides with the clock, up to 24 hours, in fixed memory (12 KB) however much
 * happens. Resolution is a minute and errs to the careful side: a minute counts as long as any part of it
 * lies in the window.
 *
 * Slots are addressed by their distance from the newest one, so a clock that is set back keeps the age of
 * what was counted instead of hiding it in the future.
 */
export class SlidingCount {
  readonly #slots = new Float64Array(SLOTS)
  /** The minute of the newest slot, in minutes since 1970. */
  #head = 0
  /** Where the newest slot lies. */
  #position = 0

  add(now: number, count = 1): void {
    this.#moveTo(now)
    this.#put(0, count)
  }

  /** How much happened within the last `windowMs`, 24 hours at most. */
  sum(now: number, windowMs: number): number {
    this.#moveTo(now)
    const oldest = Math.min(this.#head - minuteOf(now - windowMs), SLOTS - 1)
    let sum = 0
    for (let back = 0; back <= oldest; back += 1) sum += this.#at(back)
    return sum
  }

  /** The minutes of the last 24 hours in which anything happened, oldest first. */
  minutes(now: number): MinuteCount[] {
    this.#moveTo(now)
    const minutes: MinuteCount[] = []
    for (let back = SLOTS - 1; back >= 0; back -= 1) {
      const count = this.#at(back)
      if (count > 0) minutes.push([(this.#head - back) * MINUTE, count])
    }
    return minutes
  }

  /** Puts back what {@link minutes} returned earlier; what is older than 24 hours is dropped. */
  restore(now: number, minutes: Iterable<MinuteCount>): void {
    this.#moveTo(now)
    for (const [minute, count] of minutes) {
      const back = this.#head - minuteOf(minute)
      if (back < SLOTS) this.#put(Math.max(back, 0), count)
    }
  }

  clear(): void {
    this.#slots.fill(0)
  }

  #moveTo(now: number): void {
    const minute = minuteOf(now)
    const passed = Math.min(minute - this.#head, SLOTS)
    for (let step = 0; step < passed; step += 1) {
      this.#position = (this.#position + 1) % SLOTS
      this.#slots[this.#position] = 0
    }
    this.#head = minute
  }

  #at(back: number): number {
    return this.#slots[(this.#position - back + SLOTS) % SLOTS] ?? 0
  }

  #put(back: number, count: number): void {
    const slot = (this.#position - back + SLOTS) % SLOTS
    this.#slots[slot] = (this.#slots[slot] ?? 0) + count
  }
}

function minuteOf(time: number): number {
  return Math.floor(time / MINUTE)
}
