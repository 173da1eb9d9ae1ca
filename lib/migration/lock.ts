import { CacheError } from '../errors.js'
import type { MigrationServer } from './server.js'

const LIFETIME_MS = 30_000
const RENEWAL_MS = 5_000

export interface LockOptions {
  readonly server: MigrationServer
  readonly keyPrefix: string
  /** Of this run alone. */
  readonly token: string
  /** Tokens of runs that have crashed for certain. */
  readonly crashed: readonly string[]
}

/** What lies under the lock's name, and how many milliseconds it will; -1 for ever, -2 for nothing. */
interface Found {
  readonly text: string | undefined
  readonly ttlMs: number
}

/**
 * One run at a time on a server, from whatever machine and folder: a key in Redis that holds the token of the run,
 * lives half a minute and is renewed. Whoever renews it is alive, so only the token of a run that has crashed for
 * certain is replaced before it ends by itself. Each write is decided on what lies there, and done only if it still does.
 */
export class MigrationLock {
  readonly #server: MigrationServer
  readonly #name: string
  readonly #token: string
  readonly #crashed: readonly string[]
  #timer: NodeJS.Timeout | undefined
  #renewing: Promise<void> | undefined
  #renewedAt = 0
  #isLost = false

  constructor({ server, keyPrefix, token, crashed }: LockOptions) {
    this.#server = server
    this.#name = lockName(keyPrefix)
    this.#token = token
    this.#crashed = crashed
  }

  /** @throws {CacheError} ERR_MIGRATION_LOCKED where another run holds it, or something else lies there */
  async acquire(): Promise<void> {
    let found: Found = { text: undefined, ttlMs: -2 }
    const outcome = await this.#server.decide(this.#name, (seen) => {
      found = seen
      const isFree = seen.ttlMs === -2 || (seen.text !== undefined && this.#crashed.includes(seen.text))
      return isFree ? this.#set : undefined
    })
    if (outcome !== 'written') throw this.#held(found)
    this.#renewedAt = performance.now()
    this.#timer = setInterval(() => void this.#renewOnce().catch(() => undefined), RENEWAL_MS)
    this.#timer.unref()
  }

  /** @throws {CacheError} ERR_MIGRATION_LOCKED where it was lost: nothing may be changed any more */
  async confirm(): Promise<void> {
    // A process that was stopped, or whose server was away, may have lost it without having seen that yet.
    if (!this.#isLost && performance.now() - this.#renewedAt > LIFETIME_MS / 2) await this.#renewOnce()
    if (this.#isLost) throw locked('another run has taken the lock over: wait for it to end')
  }

  /** Gives it back. Where that fails it ends by itself. */
  async release(): Promise<void> {
    clearInterval(this.#timer)
    await this.#renewing?.catch(() => undefined)
    if (this.#timer === undefined) return
    await this.#server
      .decide(this.#name, ({ text }) => (text === this.#token ? ['DEL', this.#name] : undefined))
      .catch(() => undefined)
  }

  #renewOnce(): Promise<void> {
    this.#renewing ??= this.#renew().finally(() => {
      this.#renewing = undefined
    })
    return this.#renewing
  }

  async #renew(): Promise<void> {
    const outcome = await this.#server.decide(this.#name, ({ text, ttlMs }) => {
      if (text === this.#token) return ['PEXPIRE', this.#name, String(LIFETIME_MS)]
      // Evicted, or expired while this process slept: ours again unless somebody else has it.
      return ttlMs === -2 ? this.#set : undefined
    })
    if (outcome === 'written') this.#renewedAt = performance.now()
    else this.#isLost = true
  }

  get #set(): readonly string[] {
    return ['SET', this.#name, this.#token, 'PX', String(LIFETIME_MS)]
  }

  #held({ ttlMs }: Found): CacheError {
    const seconds = Math.ceil(ttlMs / 1000)
    if (ttlMs >= 0 && ttlMs <= LIFETIME_MS) {
      return locked(
        `another run of the migration holds the lock: wait for it to end (a crashed one loses it in ${seconds} s)`,
      )
    }
    const name = Buffer.from(this.#name, 'latin1').toString()
    const end = ttlMs === -1 ? 'never ends' : `ends in ${seconds} s`
    return locked(
      `what lies under ${name} ${end}, so it is no lock of a run: somebody else has put it there. ` +
        `Look who writes to this server, and remove it with redis-cli DEL ${name}`,
    )
  }
}

/** The key of the lock, in a namespace of our own. */
export function lockName(keyPrefix: string): string {
  return `${Buffer.from(keyPrefix).toString('latin1')}@lock:migration`
}

function locked(why: string): CacheError {
  return new CacheError('ERR_MIGRATION_LOCKED', why)
}
