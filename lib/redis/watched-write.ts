import type { Redis } from 'ioredis'
import { RedisError } from '../errors.js'
import { Redirection } from './redirection.js'
import { fromRedis } from './redis-errors.js'

/** A connection that is replaced this often in a row is no place for a transaction. */
const ATTEMPTS = 3

/** A command and its arguments. */
export type Command = readonly [name: string, ...args: (string | Buffer)[]]

export interface WatchedWrite<Found> {
  /** Everything that `read` reads. */
  readonly keys: readonly Buffer[]
  readonly read: () => Promise<Found>
  /** What is to be written; nothing to leave it all as it is. */
  readonly write: (found: Found) => readonly Command[]
}

/**
 * Reads, and writes only where nobody has written to any of the keys since: WATCH, reads, MULTI, writes, EXEC.
 * `left`: nothing was to be written. `overtaken`: somebody wrote in between, and nothing was written.
 *
 * One at a time on a connection (compare-and-set.ts). Rejects with a CacheError where the server refuses or is away.
 */
export async function writeWatched<Found>(
  client: Redis,
  { keys, read, write }: WatchedWrite<Found>,
): Promise<'written' | 'left' | 'overtaken'> {
  for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
    const connection = client.stream
    const [watching, found] = await Promise.allSettled([client.watch(...keys), read()])
    if (watching.status === 'rejected') throw fromRedis(watching.reason, 'WATCH')
    if (found.status === 'rejected') throw fromRedis(found.reason, 'GET')
    // A new connection watches nothing: what was read on the old one may be anything by now.
    if (client.stream !== connection) continue
    const commands = write(found.value)
    if (commands.length > 0) return execute(client, commands)
    await client.unwatch().catch((error: unknown) => {
      throw fromRedis(error, 'UNWATCH')
    })
    return 'left'
  }
  throw new RedisError(
    'ERR_CACHE_UNAVAILABLE',
    'the connection was replaced again and again while values were moved: try later',
    'WATCH',
  )
}

/** In one tick, so that all of it goes out on the connection that watches. */
async function execute(client: Redis, commands: readonly Command[]): Promise<'written' | 'overtaken'> {
  const queued = [client.call('MULTI'), ...commands.map(([name, ...args]) => client.call(name, ...args))]
  const [replies] = await Promise.all([client.call('EXEC'), ...queued]).catch((error: unknown) => {
    throw fromRedis(error, 'EXEC')
  })
  if (!Array.isArray(replies)) return 'overtaken'
  const refused: unknown = replies.find((reply: unknown) => reply instanceof Error)
  if (refused !== undefined) throw fromRedis(refused, 'EXEC')
  return 'written'
}

/**
 * The string under a key, or as much of its beginning; `null` where there is none, something else than a string, or
 * another node of a Cluster has it.
 */
export async function stringAt(client: Redis, key: Buffer, bytes?: number): Promise<Buffer | null> {
  try {
    return await (bytes === undefined ? client.getBuffer(key) : client.getrangeBuffer(key, 0, bytes - 1))
  } catch (error) {
    const ours = fromRedis(error, 'GET')
    if (ours.code === 'ERR_REDIS_WRONGTYPE' || ours instanceof Redirection) return null
    throw ours
  }
}
