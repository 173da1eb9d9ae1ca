import { randomBytes } from 'node:crypto'
import { hostname } from 'node:os'
import { CacheError } from '../errors.js'
import type { MigrationServer } from './server.js'

const LIFETIME_MS = 30_000
const RENEWAL_MS = 5_000

/** Who holds the lock. */
interface Holder {
  readonly token: string
  /** The folder of the journal: only its own process may go on with it. */
  readonly journal: string
  readonly host: string
  readonly pid: number
}

export interface LockOptions {
  readonly server: MigrationServer
  readonly keyPrefix: string
  /** Id of the journal. */
  readonly journal: string
  /** Whether a process of this machine runs; by signal 0 where absent. */
  readonly isRunning?: ((pid: number) => boolean) | undefined
}

/**
 * One run at a time: a key in Redis with an owner token, which lives half a minute and is renewed. A second run
 * is refused, wherever it is; only the run that goes on with the same journal, after the crash of the process
 * that held the lock, takes it over at once.
 */
export class MigrationLock {
  readonly #server: MigrationServer
  readonly #name: string
  readonly #holder: Holder
  readonly #isRunning: (pid: number) => boolean
  #timer: NodeJS.Timeout | undefined
  #renewing: Promise<void> | undefined
  #lost = false

  constructor({ server, keyPrefix, journal, isRunning = runs }: LockOptions) {
    this.#server = server
    this.#name = lockName(keyPrefix)
    this.#holder = { token: randomBytes(16).toString('hex'), journal, host: hostname(), pid: process.pid }
    this.#isRunning = isRunning
  }

  /** @throws {CacheError} ERR_MIGRATION_LOCKED where another run holds it */
  async acquire(): Promise<void> {
    const text = JSON.stringify(this.#holder)
    const taken = await this.#server.ask('SET', this.#name, text, 'NX', 'PX', String(LIFETIME_MS))
    if (taken !== 'OK') await this.#takeOver(text)
    this.#timer = setInterval(() => {
      this.#renewing ??= this.#renew().finally(() => {
        this.#renewing = undefined
      })
    }, RENEWAL_MS)
    this.#timer.unref()
  }

  /** @throws {CacheError} ERR_MIGRATION_LOCKED where it was lost: nothing may be changed any more */
  assertHeld(): void {
    if (this.#lost) throw held('another run has taken the lock over')
  }

  /** Gives it back. Where that fails it ends by itself. */
  async release(): Promise<void> {
    clearInterval(this.#timer)
    await this.#renewing
    try {
      if (!this.#lost && (await this.#isOurs())) await this.#server.ask('DEL', this.#name)
    } catch {
      // The server is away: within half a minute nobody holds the lock.
    }
  }

  async #takeOver(text: string): Promise<void> {
    const holder = readHolder(await this.#server.ask('GET', this.#name))
    const { journal, host } = this.#holder
    // A number of another machine says nothing here.
    const isHere = holder !== undefined && holder.journal === journal && holder.host === host
    const isDead = isHere && !this.#isRunning(Number(holder.pid))
    if (!isDead) throw held('another run of the migration holds the lock')
    await this.#server.ask('SET', this.#name, text, 'PX', String(LIFETIME_MS))
  }

  async #renew(): Promise<void> {
    try {
      if (await this.#isOurs()) {
        await this.#server.ask('PEXPIRE', this.#name, String(LIFETIME_MS))
      } else {
        // Evicted, or expired while this process slept: ours again unless somebody else has it.
        const text = JSON.stringify(this.#holder)
        this.#lost =
          (await this.#server.ask('SET', this.#name, text, 'NX', 'PX', String(LIFETIME_MS))) !== 'OK'
      }
    } catch {
      // The server is away for a moment; the next renewal tells whether the lock is still ours.
    }
  }

  async #isOurs(): Promise<boolean> {
    return readHolder(await this.#server.ask('GET', this.#name))?.token === this.#holder.token
  }
}

/** The key of the lock, in a namespace of our own. */
export function lockName(keyPrefix: string): string {
  return `${Buffer.from(keyPrefix).toString('latin1')}@lock:migration`
}

/** What stands there may be anything: whoever can write to Redis can write it. */
function readHolder(reply: unknown): Partial<Holder> | undefined {
  try {
    const holder: unknown = JSON.parse(String(reply))
    return typeof holder === 'object' && holder !== null ? holder : undefined
  } catch {
    return undefined
  }
}

function runs(pid: number): boolean {
  // Our own number in another process's lock: that process is gone, and we have got its number.
  if (!Number.isSafeInteger(pid) || pid <= 0 || pid === process.pid) return false
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}

function held(why: string): CacheError {
  return new CacheError(
    'ERR_MIGRATION_LOCKED',
    `${why}: wait for it to end (a crashed one loses the lock within 30 s)`,
  )
}
