import { DAY_MS } from './sliding-count.js'

/** Ten logins are looked at; five failures among them are an attack or a broken deployment (vocabulary.md). */
export const STREAK_LENGTH = 10
export const STREAK_FAILURES = 5

interface Login {
  readonly at: number
  readonly failed: boolean
}

/** What one more login means. */
export interface StreakVerdict {
  /** The line of {@link STREAK_FAILURES} was crossed by this login: how many failed of the last ten. */
  readonly bruteForce?: number | undefined
  /** A login that worked after this many that did not (OWASP: successafterfail). */
  readonly recoveredAfter?: number | undefined
}

/**
 * Our own last logins. The alarm sounds once when the line is crossed, not again until it was left: a
 * storm is one alarm. Logins older than 24 hours no longer count, or a connection that then lives for
 * weeks would keep the alarm on for weeks.
 */
export class LoginStreak {
  #logins: readonly Login[] = []
  #failuresInARow = 0
  #alarmed = false

  record(failed: boolean, at: number): StreakVerdict {
    this.#logins = [...this.#recent(at), { at, failed }].slice(-STREAK_LENGTH)
    return failed ? this.#afterFailure(at) : this.#afterSuccess(at)
  }

  /** How many of the last ten logins failed. */
  failures(now: number): number {
    return this.#recent(now).filter((login) => login.failed).length
  }

  #afterFailure(at: number): StreakVerdict {
    this.#failuresInARow += 1
    const failures = this.failures(at)
    const crossed = failures >= STREAK_FAILURES && !this.#alarmed
    this.#alarmed = failures >= STREAK_FAILURES
    return crossed ? { bruteForce: failures } : {}
  }

  #afterSuccess(at: number): StreakVerdict {
    const failed = this.#failuresInARow
    this.#failuresInARow = 0
    this.#alarmed = this.failures(at) >= STREAK_FAILURES
    return failed > 0 ? { recoveredAfter: failed } : {}
  }

  #recent(now: number): readonly Login[] {
    return this.#logins.filter((login) => now - login.at <= DAY_MS)
  }
}
