import { setTimeout as rest } from 'node:timers/promises'
import type { Redis } from 'ioredis'
import { CompareAndSet, type Change, type Exchanged, type GroupOf } from '../redis/compare-and-set.js'
import { Redirection } from '../redis/redirection.js'
import { fromRedis } from '../redis/redis-errors.js'
import { scanStrings } from '../redis/scan-strings.js'
import { scanFraction } from './scan-cursor.js'

/** What a look takes of a value: the header of a sealed one up to its nonce (docs/envelope.md). */
export const LOOK_BYTES = 27
/** Values of one transaction: some tenths of a millisecond of the server's time. */
const JOINED_KEYS = 32
const KEYS_PER_SECOND = 20_000
const START = '0'

export interface RewriteOptions {
  /**
   * A connection of its own (`openConnection(…).client`), as user `maintenance` or one with the same rights.
   * Nothing else may use transactions on it meanwhile.
   */
  readonly client: Redis
  /** Which keys may share a transaction; all of them where absent. */
  readonly groupOf?: GroupOf | undefined
  /** Only keys that begin with this text; empty for all. */
  readonly prefix: string
  /** Whether a value is to be read at all, judged by its key and its first 27 bytes. */
  readonly wants: (key: Buffer, head: Buffer) => boolean
  /** The new bytes, or `undefined` to leave the value alone. Called again where somebody wrote in between. */
  readonly change: Change
  /** Hears how it ended for each value that was read. */
  readonly onExchanged?: ((exchanged: Exchanged) => void) | undefined
  /** Where to go on: `cursor` of an earlier progress or report, on the same run of the server. */
  readonly cursor?: string | undefined
  /** Looks a second at most; 20 000 where absent. Between two pages it rests. */
  readonly keysPerSecond?: number | undefined
  /** Stops between two transactions; the report then says `finished: false`. */
  readonly signal?: AbortSignal | undefined
  /** Called after each page of some hundreds of keys. */
  readonly onProgress?: ((progress: RewriteProgress) => void) | undefined
}

export interface RewriteCounts {
  /** Strings that were looked at. SCAN may show a key more than once. */
  readonly looked: number
  /** New bytes lie there now. */
  readonly changed: number
  /** Read, and left alone by `change`. */
  readonly kept: number
  /** Somebody wrote in between: what they wrote stayed. */
  readonly overtaken: number
  /** Deleted or expired in between. */
  readonly gone: number
  /** Another node of the Cluster has it now. */
  readonly moved: number
}

export interface RewriteProgress extends RewriteCounts {
  /** Everything before it is done: a later run may begin here. */
  readonly cursor: string
  /** How much of the key space lies behind, from 0 to 1. */
  readonly fraction: number
  /** Milliseconds since the beginning, rests included. */
  readonly elapsedMs: number
}

export interface RewriteReport extends RewriteCounts {
  /** False where the signal stopped it: `cursor` says where to go on. */
  readonly finished: boolean
  readonly cursor: string
}

/**
 * Walks over the strings of a live server and rewrites those that want it, each by compare-and-set with its
 * time to live kept: what others write meanwhile is never overwritten. Memory holds one page, whatever the
 * server holds. Values of other types are passed over.
 *
 * A key that is there from beginning to end is looked at (redis.io/commands/scan); one that is written during
 * the walk may be missed, and a second walk finds it.
 *
 * Rejects with a CacheError where the server refuses or is away: the cursor of the last progress, or 0, says
 * where to go on.
 */
export async function rewriteStrings(options: RewriteOptions): Promise<RewriteReport> {
  const walk = new Walk(options)
  return walk.run()
}

class Walk {
  readonly #options: RewriteOptions
  readonly #exchanges: CompareAndSet
  readonly #counts = { looked: 0, changed: 0, kept: 0, overtaken: 0, gone: 0, moved: 0 }
  readonly #started = performance.now()

  constructor(options: RewriteOptions) {
    this.#options = options
    this.#exchanges = new CompareAndSet(options.client, options.groupOf)
  }

  async run(): Promise<RewriteReport> {
    const { signal, onProgress } = this.#options
    let cursor = this.#options.cursor ?? START
    do {
      const { next, keys } = await scanStrings(this.#options.client, cursor, this.#options.prefix)
      const page = await this.#wanted(keys)
      for (let from = 0; from < page.length; from += JOINED_KEYS) {
        if (signal?.aborted === true) return { ...this.#counts, finished: false, cursor }
        await this.#exchange(page.slice(from, from + JOINED_KEYS))
      }
      cursor = next
      onProgress?.(this.#progress(cursor))
      if (cursor !== START) await this.#rest()
      if (signal?.aborted === true) return { ...this.#counts, finished: cursor === START, cursor }
    } while (cursor !== START)
    return { ...this.#counts, finished: true, cursor }
  }

  /** Those keys of a page whose first bytes ask for it. */
  async #wanted(keys: readonly Buffer[]): Promise<readonly Buffer[]> {
    const { client, wants } = this.#options
    const heads = await Promise.all(
      keys.map(async (key) =>
        client.getrangeBuffer(key, 0, LOOK_BYTES - 1).catch((error: unknown) => {
          const ours = fromRedis(error, 'GETRANGE')
          // It was a string when SCAN saw it, and at this server.
          if (ours.code === 'ERR_REDIS_WRONGTYPE') return undefined
          if (!(ours instanceof Redirection)) throw ours
          this.#counts.moved += 1
          return undefined
        }),
      ),
    )
    this.#counts.looked += keys.length
    return keys.filter((key, index) => {
      const head = heads[index]
      return head !== undefined && wants(key, head)
    })
  }

  async #exchange(keys: readonly Buffer[]): Promise<void> {
    const { change, onExchanged } = this.#options
    for (const exchanged of await this.#exchanges.exchange(keys, change)) {
      this.#counts[exchanged.outcome] += 1
      onExchanged?.(exchanged)
    }
  }

  #progress(cursor: string): RewriteProgress {
    const fraction = cursor === START ? 1 : scanFraction(cursor)
    return { ...this.#counts, cursor, fraction, elapsedMs: performance.now() - this.#started }
  }

  async #rest(): Promise<void> {
    const { keysPerSecond = KEYS_PER_SECOND, signal } = this.#options
    const aheadMs = (this.#counts.looked / keysPerSecond) * 1000 - (performance.now() - this.#started)
    if (aheadMs < 1) return
    // An abort ends the rest; the loop sees it.
    await rest(aheadMs, undefined, { signal }).catch(() => undefined)
  }
}
