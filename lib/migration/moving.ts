import { isUtf8 } from 'node:buffer'
import type { Redis } from 'ioredis'
import { scanFraction } from '../keys/scan-cursor.js'
import { scanStrings } from '../redis/scan-strings.js'
import { stringAt, writeWatched, type Command } from '../redis/watched-write.js'

/** Keys of one transaction, and about what their values may have together. */
const JOINED_KEYS = 32
const JOINED_BYTES = 1024 * 1024
const START = '0'

/** What lies under a name; nothing where there is none. */
export type Lying = Str | 'other' | undefined

/** A string in Redis. */
export interface Str {
  readonly value: Buffer
  /** Milliseconds left; `null` without expiry. */
  readonly ttlMs: number | null
}

export interface MovingOptions {
  /** A connection of its own, with full rights. */
  readonly client: Redis
  /** Only keys that begin with this text. */
  readonly prefix: string
  /** Every name that counts for a key of the walk, that one included; nothing for a key that is not concerned. */
  readonly related: (name: string) => readonly string[] | undefined
  /** What is to be done, judged by what lies under the related names; nothing to leave all of them. */
  readonly decide: (related: readonly string[], look: (name: string) => Lying) => readonly Command[]
  readonly signal?: AbortSignal | undefined
  readonly onProgress?:
    ((progress: { readonly changed: number; readonly fraction: number }) => void) | undefined
}

export interface MovingReport {
  /** Keys for which something was written. */
  readonly changed: number
  /** Keys at which somebody wrote in between: they have their turn in another walk. */
  readonly overtaken: number
  /** False where the signal stopped it. */
  readonly finished: boolean
}

/**
 * Walks over the strings of a live server and moves values between names, each by a transaction that watches every
 * name which counts: what others write meanwhile is never lost. Memory holds one page and one transaction.
 *
 * Rejects with a CacheError where the server refuses or is away; a walk that is begun anew finds what is left.
 */
export async function moveStrings(options: MovingOptions): Promise<MovingReport> {
  const { signal, onProgress } = options
  let changed = 0
  let overtaken = 0
  let cursor = START
  do {
    const { next, keys } = await scanStrings(options.client, cursor, options.prefix)
    const names = keys.filter((key) => isUtf8(key)).map(String)
    for (const group of await grouped(options, names)) {
      if (signal?.aborted === true) return { changed, overtaken, finished: false }
      const moved = await move(options, group)
      changed += moved.changed
      overtaken += moved.overtaken
    }
    cursor = next
    onProgress?.({ changed, fraction: cursor === START ? 1 : scanFraction(cursor) })
  } while (cursor !== START)
  return { changed, overtaken, finished: true }
}

/** Keys of a page, as their related names, in transactions of bounded size. */
async function grouped(
  { client, related }: MovingOptions,
  names: readonly string[],
): Promise<readonly (readonly (readonly string[])[])[]> {
  const groups: (readonly string[])[][] = []
  const seen = new Set<string>()
  const concerned = names.flatMap((name) => {
    const all = related(name)
    // Two names of one key in one page: they are judged together.
    if (all === undefined || seen.has(all.join('\0'))) return []
    seen.add(all.join('\0'))
    return [{ name, all }]
  })
  // Of another type by now, or gone: then it has no bytes either.
  const sizes = await Promise.all(concerned.map(({ name }) => client.strlen(name).catch(() => 0)))
  let bytes = 0
  for (const [at, { all }] of concerned.entries()) {
    const open = groups.at(-1)
    const size = sizes[at] ?? 0
    if (open === undefined || open.length === JOINED_KEYS || bytes + size > JOINED_BYTES) {
      groups.push([all])
      bytes = size
    } else {
      open.push(all)
      bytes += size
    }
  }
  return groups
}

async function move(
  options: MovingOptions,
  group: readonly (readonly string[])[],
): Promise<{ readonly changed: number; readonly overtaken: number }> {
  const { client, decide } = options
  const names = [...new Set(group.flat())]
  let changed = 0
  const outcome = await writeWatched(client, {
    keys: names.map((name) => Buffer.from(name)),
    read: async () => new Map(await Promise.all(names.map((name) => lyingAt(client, name)))),
    write(found) {
      const decisions = group.map((related) => decide(related, (name) => found.get(name)))
      changed = decisions.filter((commands) => commands.length > 0).length
      return decisions.flat()
    },
  })
  if (outcome !== 'overtaken') return { changed, overtaken: 0 }
  if (group.length === 1) return { changed: 0, overtaken: 1 }
  const total = { changed: 0, overtaken: 0 }
  for (const related of group) {
    const one = await move(options, [related])
    total.changed += one.changed
    total.overtaken += one.overtaken
  }
  return total
}

async function lyingAt(client: Redis, name: string): Promise<readonly [string, Lying]> {
  const [value, ttl] = await Promise.all([stringAt(client, Buffer.from(name)), client.pttl(name)])
  // A last millisecond that is counted as 0 is over before anything is written.
  if (ttl === -2 || ttl === 0) return [name, undefined]
  return [name, value === null ? 'other' : { value, ttlMs: ttl < 0 ? null : ttl }]
}
