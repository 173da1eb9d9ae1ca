import { isUtf8 } from 'node:buffer'
import type { Redis } from 'ioredis'
import { keyGroups } from './key-groups.js'
import { Redirection } from './redirection.js'
import { stringAt, writeWatched } from './watched-write.js'

/** Keys of one transaction. */
const JOINED_KEYS = 32

export interface ClearOnly {
  readonly keys: readonly Buffer[]
  /** Keys of one group may stand in one command. */
  readonly groupOf: (key: Buffer) => number
  readonly only: (key: string, head: Uint8Array) => boolean
}

/**
 * Unlinks those of the keys that hold a string and are wanted, judged by name and first byte, each only where nobody
 * writes in between. On a connection with nothing else in a transaction (compare-and-set.ts).
 */
export async function clearOnly(client: Redis, { keys, groupOf, only }: ClearOnly): Promise<void> {
  const named = keys.filter((key) => isUtf8(key))
  const heads = await Promise.all(named.map((key) => stringAt(client, key, 1)))
  const wanted = named.filter((key, at) => {
    const head = heads[at] ?? null
    return head !== null && only(key.toString(), head)
  })
  for (const group of keyGroups(wanted, { most: JOINED_KEYS, groupOf })) {
    if ((await unlink(client, group, only)) !== 'overtaken') continue
    // Somebody writes to one of them: that one stays, the others go.
    for (const key of group) await unlink(client, [key], only)
  }
}

async function unlink(
  client: Redis,
  keys: readonly Buffer[],
  only: ClearOnly['only'],
): Promise<'written' | 'left' | 'overtaken'> {
  const written = writeWatched(client, {
    keys,
    read: async () =>
      // The time to live tells an empty string from none, and both from another type.
      Promise.all(keys.map(async (key) => Promise.all([stringAt(client, key, 1), client.pttl(key)]))),
    write(found) {
      const doomed = keys.filter((key, at) => {
        const [head, ttl] = found[at] ?? [null, -2]
        return head !== null && ttl !== -2 && only(key.toString(), head)
      })
      return doomed.length === 0 ? [] : [['UNLINK', ...doomed]]
    },
  })
  return written.catch((error: unknown) => {
    // Another node of the Cluster has them by now: whoever clears looks there as well.
    if (error instanceof Redirection) return 'left'
    throw error
  })
}
