import { DAY_MS } from './sliding-count.js'

/** Ten logins are looked at; five failures among them are an attack or a broken deployment (docs/monitoring.md). */
export const STREAK_LENGTH = 10
export const STREAK_FAILURES = 5

interface Login {
  readonly at: number
  readonly failed: boolean
}

/**
 * Our own last logins. The alarm sounds once when the line is crossed, not again until it was left: a
 * storm is one alarm. Logins older than 24 hours no longer count, or a connection that then lives for
 * weeks would keep the alarm on for weeks.
 */
export class LoginStreak {
  #logins: readonly Login[] = []
  #alarmed = false

  /** How many of the last ten failed, where this login crossed the line of {@link STREAK_FAILURES}. */
  record(failed: boolean, at: number): number | undefined {
    this.#logins = [...this.#recent(at), { at, failed }].slice(-STREAK_LENGTH)
    const failures = this.failures(at)
    const crossed = failures >= STREAK_FAILURES && !this.#alarmed
    this.#alarmed = failures >= STREAK_FAILURES
    return crossed ? failures : undefined
  }

  /** How many of the last ten logins failed. */
  failures(now: number): number {
    return this.#recent(now).filter((login) => login.failed).length
  }

  #recent(now: number): readonly Login[] {
    return this.#logins.filter((login) => now - login.at <= DAY_MS)
  }
}
