import type { CacheErrorCode } from '../errors.js'

const FASTEST_MS = 50
const OUTAGE_LIMIT_MS = 500
const JITTER_MS = 50
const REFUSAL_FIRST_MS = 1000
const REFUSAL_LIMIT_MS = 60_000

/** What waiting alone does not cure: login, permission, certificate. */
export function isRefusal(code: CacheErrorCode): boolean {
  return (
    code === 'ERR_REDIS_WRONGPASS' ||
    code === 'ERR_REDIS_NOAUTH' ||
    code === 'ERR_REDIS_NOPERM' ||
    // Whatever has no row in the table of TLS errors may as well be noise on the line.
    (code.startsWith('ERR_TLS_') && code !== 'ERR_TLS_OTHER')
  )
}

/**
 * When to connect again. An outage is retried fast, so that the cache works within two seconds of the
 * server's return. A refusal is retried after 1, 2, 4 … 60 seconds: each attempt is one more failed login
 * on the server.
 */
export class RetrySchedule {
  readonly #random: () => number
  #refusals = 0
  #refused = false
  #dropped = false

  constructor(random: () => number = Math.random) {
    this.#random = random
  }

  failed(code: CacheErrorCode): void {
    this.#refused = isRefusal(code)
    this.#dropped = code === 'ERR_REDIS_PROTOCOL' || code === 'ERR_CACHE_TIMEOUT'
    if (this.#refused) this.#refusals += 1
  }

  /** The past counts no more: it worked, or the credentials are new. */
  forget(): void {
    this.#refusals = 0
    this.#refused = false
    this.#dropped = false
  }

  /** Milliseconds until the next attempt, the `attempt`-th in a row (from 1). */
  delay(attempt: number): number {
    if (this.#refused) return Math.min(REFUSAL_FIRST_MS * 2 ** (this.#refusals - 1), REFUSAL_LIMIT_MS)
    // We dropped the connection ourselves: the server is there.
    if (this.#dropped && attempt === 1) return 0
    return Math.min(FASTEST_MS * 2 ** (attempt - 1), OUTAGE_LIMIT_MS) + this.#random() * JITTER_MS
  }
}
