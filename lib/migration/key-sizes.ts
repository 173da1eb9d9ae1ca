import type { Redis } from 'ioredis'
import { fromRedis } from '../redis/redis-errors.js'

/**
 * What one reply may take of the server's memory: it counts towards maxmemory (INFO memory, `used_memory`), so that a
 * larger one evicts keys of a full server, and it is made at one go, while nobody else is served.
 */
export const GROUP_BYTES = 1024 * 1024
/** Keys of one page of a walk. */
const SCAN_COUNT = 64
/** Of the walk that reads sizes alone: small replies. */
const MEASURE_COUNT = 1000

export interface SizedKey {
  readonly key: Buffer
  /** As MEMORY USAGE estimates it; collections by a few of their members. */
  readonly bytes: number
}

/**
 * Keys of a live server in groups that one reply may hold: about a mebibyte together, or one key that is larger.
 * SCAN may show a key twice. Rejects with a CacheError where the server refuses or is away.
 */
export async function* keyGroups(client: Redis, database: number): AsyncGenerator<readonly Buffer[]> {
  for await (const page of sizedKeys(client, { database, count: SCAN_COUNT })) yield* groupsOf(page)
}

/** The size of the largest key of all these databases, in bytes; 0 where there is none. */
export async function largestKeyOf(client: Redis, databases: readonly number[]): Promise<number> {
  let largest = 0
  for (const database of databases) {
    for await (const page of sizedKeys(client, { database, count: MEASURE_COUNT })) {
      for (const { bytes } of page) largest = Math.max(largest, bytes)
    }
  }
  return largest
}

/** @internal In their order: at most {@link GROUP_BYTES} each, but one key at least. */
export function groupsOf(page: readonly SizedKey[]): readonly (readonly Buffer[])[] {
  const groups: Buffer[][] = []
  let room = 0
  for (const { key, bytes } of page) {
    if (groups.length === 0 || bytes > room) {
      groups.push([])
      room = GROUP_BYTES
    }
    groups.at(-1)?.push(key)
    room -= bytes
  }
  return groups
}

async function* sizedKeys(
  client: Redis,
  { database, count }: { readonly database: number; readonly count: number },
): AsyncGenerator<readonly SizedKey[]> {
  try {
    await client.select(database)
    let cursor = '0'
    do {
      const [next, keys] = await client.scanBuffer(cursor, 'COUNT', count)
      cursor = String(next)
      const sizes = await Promise.all(keys.map((key) => client.call('MEMORY', 'USAGE', key)))
      // Gone since SCAN saw it: no size, and no reply worth mentioning.
      yield keys.map((key, index) => ({ key, bytes: Number(sizes[index] ?? 0) }))
    } while (cursor !== '0')
  } catch (error) {
    throw fromRedis(error, 'SCAN')
  }
}
