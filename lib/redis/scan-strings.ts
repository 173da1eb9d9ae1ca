import type { Redis } from 'ioredis'
import { escapeGlob } from './glob.js'
import { fromRedis } from './redis-errors.js'

/** Keys of one page, about. */
const SCAN_COUNT = 500

/** One page of a walk over a server (redis.io/commands/scan): it may show a key again. */
export interface StringPage {
  /** Where the next page begins; `0` after the last one. */
  readonly next: string
  readonly keys: readonly Buffer[]
}

/**
 * The keys of strings that begin with `prefix`, a page of them; empty for all. Rejects with a CacheError where the
 * server refuses, is away or answers something else.
 */
export async function scanStrings(client: Redis, cursor: string, prefix: string): Promise<StringPage> {
  const match = `${escapeGlob(prefix)}*`
  const reply: unknown = await client
    .callBuffer('SCAN', cursor, 'MATCH', match, 'COUNT', String(SCAN_COUNT), 'TYPE', 'string')
    .catch((error: unknown) => {
      throw fromRedis(error, 'SCAN')
    })
  const [next, keys] = Array.isArray(reply) ? (reply as unknown[]) : []
  if (!Buffer.isBuffer(next) || !Array.isArray(keys) || !keys.every((key) => Buffer.isBuffer(key))) {
    throw fromRedis(new Error('unexpected reply'), 'SCAN')
  }
  return { next: next.toString('latin1'), keys }
}
