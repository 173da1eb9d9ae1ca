import type { Redis } from 'ioredis'
import type { Adoption, HeldBytes } from '../store.js'
import { stringAt, writeWatched } from './watched-write.js'

const ABSENT = -2

/** See `Store.adopt`. On a connection with nothing else in a transaction (compare-and-set.ts). */
export async function adopt(client: Redis, { key, unless, from, change }: Adoption): Promise<boolean> {
  const sources = from.map((name) => Buffer.from(name))
  const taken = [Buffer.from(key), Buffer.from(unless)]
  const outcome = await writeWatched(client, {
    keys: [...taken, ...sources],
    read: async () =>
      Promise.all([
        Promise.all(taken.map((name) => client.pttl(name))),
        Promise.all(sources.map((name) => heldAt(client, name))),
      ]),
    write([places, held]) {
      if (places.some((ttl) => ttl !== ABSENT)) return []
      for (const [at, source] of held.entries()) {
        const bytes = source && change(source, from[at] ?? '')
        if (source === undefined || bytes === undefined) continue
        const value = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
        const expiry = source.ttlMs === null ? [] : ['PX', String(source.ttlMs)]
        return [['SET', key, value, ...expiry]]
      }
      return []
    },
  })
  return outcome === 'written'
}

async function heldAt(client: Redis, key: Buffer): Promise<HeldBytes | undefined> {
  const [value, ttl] = await Promise.all([stringAt(client, key), client.pttl(key)])
  // A last millisecond that is counted as 0 is over before anything is written.
  if (value === null || ttl === ABSENT || ttl === 0) return undefined
  return { value, ttlMs: ttl < 0 ? null : ttl }
}
